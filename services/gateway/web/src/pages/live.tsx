import { Chat } from "../components/chat";
import { EquityChart } from "../components/equity-chart";
import { Positions } from "../components/positions";
import { PriceChart } from "../components/price-chart";
import { ReadmeText } from "../components/readme";
import { Trades } from "../components/trades";
import { t, type Words } from "../i18n";
import { look, MODELS } from "../models";
import { query, setFilter } from "../router";

const TABS = ["trades", "chat", "positions", "readme"] as const;
type Tab = (typeof TABS)[number];

function isTab(value: string | null): value is Tab {
  return TABS.includes(value as Tab);
}

function Filter({ model }: { model: string | null }) {
  const words = t();
  return (
    <label class="filter">
      <span class="label">{words.filter}</span>{" "}
      <select
        value={model ?? ""}
        onChange={(event) => setFilter("model", (event.target as HTMLSelectElement).value || null)}
      >
        <option value="">{words.allModels}</option>
        {MODELS.map((each) => (
          <option key={each} value={each}>
            {look(each).name}
          </option>
        ))}
      </select>
    </label>
  );
}

export function LivePage({ card }: { card: string | null }) {
  const words = t();
  const wanted = query.value.get("tab");
  const tab: Tab = isTab(wanted) ? wanted : "chat";
  const model = query.value.get("model");
  const titles: Record<Tab, keyof Words> = {
    trades: "trades",
    chat: "chat",
    positions: "positions",
    readme: "readme",
  };
  return (
    <div class="live">
      <div class="charts">
        <EquityChart />
        <PriceChart />
      </div>
      <aside class="side">
        <div class="tabs" role="tablist">
          {TABS.map((each) => (
            <button
              key={each}
              type="button"
              role="tab"
              aria-selected={each === tab}
              data-testid={`tab-${each}`}
              onClick={() => setFilter("tab", each === "chat" ? null : each)}
            >
              {words[titles[each]]}
            </button>
          ))}
        </div>
        {tab !== "readme" && <Filter model={model} />}
        <div class="scroll" role="tabpanel">
          {tab === "trades" && <Trades model={model} />}
          {tab === "chat" && <Chat model={model} card={card} />}
          {tab === "positions" && <Positions model={model} />}
          {tab === "readme" && <ReadmeText />}
        </div>
      </aside>
    </div>
  );
}
