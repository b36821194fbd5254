import { EquityChart, rangeOf, useEquity } from "../charts/equity-chart";
import { chosenCoin, PriceChart } from "../charts/price-chart";
import { Chat, type Link } from "../chat/chat";
import { Book } from "../market/order-book";
import { ModelFills, Tape } from "../market/tape";
import { query, setFilter } from "../navigation/router";
import { contenderIds, lookOf } from "../state/roster";
import { Positions } from "../trades/positions";
import { isReplay } from "../state/replay";
import { Trades } from "../trades/trades";
import { useMedia, WIDE } from "../ui/media";
import { Panel, Tabs } from "../ui/tabs";
import { t } from "../words/words";
import { ReadmeText } from "./readme-text";

const TABS = ["trades", "chat", "positions", "readme"] as const;

function Filter({ model }: { model: string | null }) {
  const words = t();
  return (
    <label class="filter">
      <span class="label">{words.filter}</span>{" "}
      <select
        value={model ?? ""}
        onChange={(event) => setFilter("model", (event.target as HTMLSelectElement).value || null, true)}
      >
        <option value="">{words.allModels}</option>
        {contenderIds().map((each) => (
          <option key={each} value={each}>
            {lookOf(each).name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Accounts() {
  const loaded = useEquity(null, rangeOf());
  return <EquityChart loaded={loaded} />;
}

function Prices() {
  const words = t();
  const coin = chosenCoin();
  return (
    <div class="market">
      <div class="candles">
        <PriceChart />
      </div>
      {/* The exchange's book and tape are of now, and nothing of them is stored. */}
      {!isReplay && (
        <div class="market-side" tabIndex={0} role="group" aria-label={words.market}>
          <Book symbol={coin} />
          <Tape symbol={coin} />
          <ModelFills symbol={coin} />
        </div>
      )}
    </div>
  );
}

/** Account value or prices; on a wide screen both, side by side. */
function Charts() {
  const words = t();
  const isWide = useMedia(WIDE);
  if (isWide) {
    return (
      <div class="charts both">
        <section class="chart-panel" aria-label={words.accountValue}>
          <h2>{words.accountValue}</h2>
          <Accounts />
        </section>
        <section class="chart-panel" aria-label={words.prices}>
          <h2>{words.prices}</h2>
          <Prices />
        </section>
      </div>
    );
  }
  const view = query.value.get("view") === "prices" ? "prices" : "account";
  return (
    <div class="charts">
      <Tabs
        id="view"
        label={words.charts}
        value={view}
        choices={[
          { value: "account", text: words.accountValue },
          { value: "prices", text: words.prices },
        ]}
        onPick={(value) => setFilter("view", value === "account" ? null : value, true)}
      />
      <Panel id="view" value={view} class="chart-panel">
        {view === "prices" ? <Prices /> : <Accounts />}
      </Panel>
    </div>
  );
}

export function LivePage({ card }: { card: Link | null }) {
  const words = t();
  const named = query.value.get("tab");
  const tab = TABS.find((each) => each === named) ?? "chat";
  const chosen = query.value.get("model");
  const model = chosen !== null && contenderIds().includes(chosen) ? chosen : null;
  return (
    <div class="live">
      <h1 class="hidden">{words.live}</h1>
      <Charts />
      <aside class="side" aria-label={words.activity}>
        <Tabs
          id="side"
          label={words.activity}
          value={tab}
          choices={TABS.map((value) => ({ value, text: words[value] }))}
          onPick={(value) => setFilter("tab", value === "chat" ? null : value, true)}
        />
        {(tab === "trades" || tab === "positions") && <Filter model={model} />}
        <Panel id="side" value={tab} class="scroll">
          {tab === "trades" && <Trades model={model} />}
          {tab === "chat" && <Chat card={card} />}
          {tab === "positions" && <Positions model={model} />}
          {tab === "readme" && <ReadmeText />}
        </Panel>
      </aside>
    </div>
  );
}
