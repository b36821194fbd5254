import { computed } from "@preact/signals";

import type { Account } from "../api/types.gen";
import { path } from "../navigation/router";
import { coins } from "../state/roster";
import { isOldPrice, priceAge } from "../state/stale";
import { accounts, prices, status } from "../state/store";
import { Flash } from "../ui/flash";
import { ModelName } from "../ui/model-name";
import { risesRed, switchRise, switchTheme, theme } from "../ui/theme";
import { age, arrow, number, percent, price, tone, usd } from "../words/format";
import { language, switchLanguage } from "../words/language";
import { t } from "../words/words";
import { Banner } from "./banner";
import { ControlButton } from "./control";

const extremes = computed(() => {
  const rows = Object.values(accounts.value).sort((a, b) => Number(b.equity) - Number(a.equity));
  return { highest: rows[0], lowest: rows.at(-1) };
});

function Link({ to, text }: { to: string; text: string }) {
  const isHere = to === "/" ? path.value === "/" || path.value.startsWith("/decisions/") : path.value.startsWith(to);
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
  const old = priceAge(symbol);
  const isStale = isOldPrice(old);
  return (
    <a
      href={`/?view=prices${symbol === coins()[0] ? "" : `&coin=${symbol}`}`}
      class={`quote ${isStale ? "stale" : ""}`}
      data-testid={`price-${symbol}`}
    >
      <b>{symbol}</b> <Flash value={row?.price}>{price(row?.price)}</Flash>
      <span class={`change ${isStale ? "" : tone(change)}`}>
        {isStale ? age(old) : change === null ? "" : `${arrow(change)}${number(Math.abs(change), 2)}%`}
      </span>
    </a>
  );
}

function Extreme({ label, account }: { label: string; account: Account | undefined }) {
  return (
    <span class="extreme">
      <span class="label">{label}</span>{" "}
      {account ? (
        <a href={`/models/${account.model}`}>
          <ModelName model={account.model} /> {usd(account.equity)}{" "}
          <span class={tone(account.return_percent)}>{percent(account.return_percent)}</span>
        </a>
      ) : (
        "—"
      )}
    </span>
  );
}

export function Header() {
  const words = t();
  const { highest, lowest } = extremes.value;
  const mode = status.value?.mode;
  return (
    <header>
      <div class="bar">
        <a href="/" class="brand">
          AICOIN
          <span class="brand-more">
            {" "}
            <span aria-hidden="true">▪</span> ARENA
          </span>
        </a>
        <span class={`badge mode ${mode?.toLowerCase() ?? ""}`}>{mode ?? "—"}</span>
        <nav aria-label={words.pages}>
          <Link to="/" text={words.live} />
          <Link to="/leaderboard" text={words.leaderboard} />
          <Link to="/trades" text={words.tradesPage} />
          <Link to="/models" text={words.models} />
          <Link to="/operations" text={words.operations} />
          <Link to="/readme" text={words.readme} />
        </nav>
        <span class="tools">
          {status.value?.has_control && <ControlButton />}
          <button
            type="button"
            data-testid="language"
            onClick={switchLanguage}
            aria-label={language.value === "en" ? "中文" : "EN, English"}
            lang={language.value === "en" ? "zh-CN" : "en"}
          >
            {language.value === "en" ? "中文" : "EN"}
          </button>
          <button
            type="button"
            class="rise"
            data-testid="rise"
            onClick={switchRise}
            aria-label={risesRed ? words.riseGreen : words.riseRed}
            title={risesRed ? words.riseGreen : words.riseRed}
          >
            <span class="gain">▲</span>
          </button>
          <button
            type="button"
            data-testid="theme"
            onClick={switchTheme}
            aria-label={theme.value === "light" ? words.toDark : words.toLight}
          >
            {theme.value === "light" ? "◐" : "◑"}
          </button>
        </span>
      </div>
      <div class="ticker" role="region" aria-label={words.prices} tabIndex={0}>
        <div class="quotes">
          {coins().map((symbol) => (
            <Quote key={symbol} symbol={symbol} />
          ))}
        </div>
        <div class="extremes">
          <Extreme label={words.highest} account={highest} />
          <Extreme label={words.lowest} account={lowest} />
        </div>
      </div>
      <Banner />
    </header>
  );
}
