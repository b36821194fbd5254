import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/live.css";
import "./styles/chat.css";
import "./styles/duel.css";
import "./styles/pages.css";
import "./styles/control.css";
import "./styles/narrow.css";
import "./styles/print.css";

import { effect } from "@preact/signals";
import { render } from "preact";

import { startPolling } from "./api/poll";
import { get } from "./api/rest";
import { App } from "./app";
import { routeOf } from "./navigation/route";
import { listen, path } from "./navigation/router";
import { titleOf } from "./navigation/title";
import { startNews, unseen } from "./news/notify";
import { connect } from "./push/socket";
import { isReplay } from "./state/replay";
import { applyRoster, contenderIds } from "./state/roster";
import { status } from "./state/store";
import { applyRise, applyTheme } from "./ui/theme";
import { applyLanguage } from "./words/language";
import { t } from "./words/words";

const RETRY_MS = 2_000;

/** Nothing can be drawn without the roster: until it is read the page says why it is empty. */
async function start(root: HTMLElement): Promise<void> {
  try {
    applyRoster(await get("/roster"));
  } catch {
    root.textContent = t().noticeGateway;
    setTimeout(() => void start(root), RETRY_MS);
    return;
  }
  root.textContent = "";
  listen();
  if (isReplay) void import("./replay/player").then(({ startReplay }) => startReplay());
  else {
    connect();
    startPolling();
    startNews();
  }
  effect(() => {
    const badge = unseen.value ? `(${unseen.value}) ` : "";
    document.title = (isReplay ? "REPLAY · " : badge) + titleOf(status.value?.mode, routeOf(path.value, contenderIds()), t());
  });
  render(<App />, root);
}

applyTheme();
applyRise();
applyLanguage();
const root = document.getElementById("app");
if (root) void start(root);
