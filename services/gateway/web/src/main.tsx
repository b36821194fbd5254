import "@fontsource/ibm-plex-mono/latin-400.css";
import "@fontsource/ibm-plex-mono/latin-600.css";
import "./styles.css";

import { render } from "preact";

import { get } from "./api";
import { App } from "./app";
import { language } from "./i18n";
import { listen } from "./router";
import { connect } from "./socket";
import { now, prices, status } from "./store";
import { applyTheme } from "./theme";
import type { Price, Status } from "./types";

const STATUS_EVERY_MS = 10_000;

async function readStatus(): Promise<void> {
  try {
    status.value = await get<Status>("status");
    document.title = `${status.value.mode} · AIcoin`;
    const cached = await get<{ prices: Record<string, Price> }>("prices");
    const next = { ...prices.value };
    for (const [symbol, row] of Object.entries(cached.prices)) next[symbol] = { ...row, ...next[symbol] };
    prices.value = next;
  } catch {
    // The status bar already says what fails; the next turn tries again.
  }
}

applyTheme();
document.documentElement.lang = language.value === "zh" ? "zh-CN" : "en";
listen();
connect();
void readStatus();
setInterval(() => void readStatus(), STATUS_EVERY_MS);
setInterval(() => (now.value = Date.now()), 1_000);
const root = document.getElementById("app");
if (root) render(<App />, root);
