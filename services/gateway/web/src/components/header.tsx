import { computed } from "@preact/signals";

import { arrow, percent, price, tone, usd } from "../format";
import { language, switchLanguage, t } from "../i18n";
import { look } from "../models";
import { path } from "../router";
import { accounts, now, prices, status } from "../store";
import { switchTheme } from "../theme";
import { Flash } from "./flash";

const STALE_MS = 5_000;
const SYMBOLS = ["BTC", "ETH", "SOL", "BNB", "DOGE", "XRP"];

const extremes = computed(() => {
  const rows = Object.values(accounts.value).sort((a, b) => Number(b.equity) - Number(a.equity));
  return { highest: rows[0], lowest: rows.at(-1) };
});

function Link({ to, text }: { to: string; text: string }) {
  const isHere = to === "/" ? path.value === "/" : path.value.startsWith(to);
  return (
    <a href={to} aria-current={isHere ? "page" : undefined}>
      {text}
    </a>
  );
}

function Quote({ symbol }: { symbol: string }) {
  const row = prices.value[symbol];
  const previous = Number(row?.prev_day_price ?? 0);
  const change = row && previous ? (Number(row.price) / previous - 1) * 100 : null;
  const age = row ? now.value - row.time_ms : 0;
  const isStale = row !== undefined && age > STALE_MS;
  return (
    <span class={`quote ${isStale ? "stale" : ""}`} data-testid={`price-${symbol}`}>
      <b>{symbol}</b> <Flash value={row?.price}>{price(row?.price)}</Flash>{" "}
      <span class={tone(change)}>
        {arrow(change)}
        {change === null ? "" : `${Math.abs(change).toFixed(2)}%`}
      </span>
      {isStale && <i> {Math.floor(age / 1000)}s</i>}
    </span>
  );
}

function Extreme({ label, model, value, change }: { label: string; model: string; value: string; change: string }) {
  const { name, marker, token } = look(model);
  return (
    <span class="extreme">
      <span class="label">{label}</span> <span style={`color: var(${token})`}>{marker}</span> {name} {usd(value)}{" "}
      <span class={tone(change)}>{percent(change)}</span>
    </span>
  );
}

export function Header() {
  const words = t();
  const { highest, lowest } = extremes.value;
  return (
    <header>
      <div class="bar">
        <a href="/" class="brand">
          AICOIN <span aria-hidden="true">▪</span> ARENA
        </a>
        {status.value && <span class="mode">{status.value.mode}</span>}
        <nav aria-label="pages">
          <Link to="/" text={words.live} />
          <Link to="/leaderboard" text={words.leaderboard} />
          <Link to="/models" text={words.models} />
          <Link to="/readme" text={words.readme} />
        </nav>
        <span class="tools">
          <button type="button" onClick={switchLanguage} aria-label={language.value === "en" ? "中文" : "English"}>
            {language.value === "en" ? "中" : "EN"}
          </button>
          <button type="button" onClick={switchTheme} aria-label={words.theme}>
            ◐
          </button>
        </span>
      </div>
      <div class="ticker">
        <div class="quotes">
          {SYMBOLS.map((symbol) => (
            <Quote key={symbol} symbol={symbol} />
          ))}
        </div>
        {highest && lowest && (
          <div class="extremes">
            <Extreme
              label={words.highest}
              model={highest.model}
              value={highest.equity}
              change={highest.return_percent}
            />
            <Extreme label={words.lowest} model={lowest.model} value={lowest.equity} change={lowest.return_percent} />
          </div>
        )}
      </div>
    </header>
  );
}
