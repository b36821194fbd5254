import { useState } from "preact/hooks";

import { get } from "../api";
import { clock, moment, number, price, signed, size } from "../format";
import { t, type Words } from "../i18n";
import { decisions } from "../store";
import type { Decision, DecisionDetail, Rule } from "../types";
import { useLoad } from "./load";
import { ModelName } from "./trades";

type Tab = "prompt" | "reasoning" | "raw" | "decision" | "risk" | "orders";
const TABS: Tab[] = ["risk", "decision", "reasoning", "prompt", "raw", "orders"];

/** The verdict's word and its tone; an answer that is none says why. */
export function verdictOf(row: Decision): { text: string; tone: string } {
  if (row.outcome !== "answered") return { text: `${row.outcome} ${row.failure_code ?? ""}`.trim(), tone: "warning" };
  if (row.verdict === "APPROVED") return { text: row.executed ? "APPROVED · FILLED" : "APPROVED", tone: "gain" };
  if (row.verdict === "DENIED") return { text: `DENIED ${row.denial_code ?? ""}`.trim(), tone: "loss" };
  return { text: "", tone: "" };
}

function Confidence({ value }: { value: string | null }) {
  const share = Math.max(0, Math.min(100, Number(value ?? 0)));
  if (value === null) return null;
  return (
    <span class="confidence" role="img" aria-label={`${t().confidence} ${number(share, 0)} %`}>
      <span style={`width: ${share}%`} />
      <i>{number(share, 0)}</i>
    </span>
  );
}

function RiskTable({ rules }: { rules: Rule[] }) {
  if (rules.length === 0) return <p class="note">{t().nothing}</p>;
  return (
    <table class="rules">
      <tbody>
        {rules.map((rule) => (
          <tr key={rule.code} class={rule.passed ? "" : "failing"}>
            <td>{rule.passed ? "✓" : "✗"}</td>
            <td>{rule.code}</td>
            <td>{rule.value ?? ""}</td>
            <td class="muted">{rule.limit ?? ""}</td>
            <td class="muted">{rule.detail ?? rule.setting ?? ""}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Orders({ detail }: { detail: DecisionDetail }) {
  if (detail.orders.length + detail.fills.length === 0) return <p class="note">{t().nothing}</p>;
  return (
    <ul class="plain">
      {detail.orders.map((order) => (
        <li key={order.client_order_id}>
          {clock(order.time_ms)} {order.role} {order.side ?? ""} {order.size === null ? "" : size(order.size)} @{" "}
          {price(order.trigger_price ?? order.price)} — {order.status} {order.reason ?? ""}
        </li>
      ))}
      {detail.fills.map((fill) => (
        <li key={fill.id}>
          {clock(fill.time_ms)} fill {fill.role} {fill.side} {size(fill.size)} @ {price(fill.price)} · fee {fill.fee}{" "}
          {Number(fill.closed_pnl) === 0 ? "" : `· ${signed(fill.closed_pnl, 2)}`}
        </li>
      ))}
    </ul>
  );
}

function Content({ tab, detail }: { tab: Tab; detail: DecisionDetail }) {
  const text = (value: string | null): preact.JSX.Element =>
    value ? <pre tabIndex={0}>{value}</pre> : <p class="note">{t().nothing}</p>;
  switch (tab) {
    case "prompt":
      return text([detail.prompt.system, detail.prompt.user].filter(Boolean).join("\n\n———\n\n") || null);
    case "reasoning":
      return text(detail.reasoning_content ?? detail.reasoning);
    case "raw":
      return text(detail.raw_response);
    case "risk":
      return <RiskTable rules={detail.rules} />;
    case "orders":
      return <Orders detail={detail} />;
    case "decision": {
      const { action, symbol, leverage, position_size_percent, confidence, stop_loss, take_profit } = detail;
      const { invalidation_condition, strategy, prompt_hash, usage, cost_usd, attempts } = detail;
      const decided = { action, symbol, leverage, position_size_percent, confidence, stop_loss, take_profit };
      const about = { invalidation_condition, strategy, prompt_hash, usage, cost_usd, attempts };
      return text(JSON.stringify({ ...decided, ...about }, null, 2));
    }
  }
}

function Opened({ row }: { row: Decision }) {
  const words = t();
  const [tab, setTab] = useState<Tab>("risk");
  const { value, failed } = useLoad(
    () => get<DecisionDetail>(`decisions/${encodeURIComponent(row.cycle_id)}/${row.model}`),
    [row.id, row.verdict, row.executed],
  );
  const names: Record<Tab, keyof Words> = {
    prompt: "prompt",
    reasoning: "reasoning",
    raw: "raw",
    decision: "decision",
    risk: "risk",
    orders: "orders",
  };
  return (
    <div class="opened">
      <div class="tabs" role="tablist">
        {TABS.map((each) => (
          <button key={each} type="button" role="tab" aria-selected={each === tab} onClick={() => setTab(each)}>
            {words[names[each]]}
          </button>
        ))}
      </div>
      {value ? <Content tab={tab} detail={value} /> : <p class="note">{failed ? words.failed : words.loading}</p>}
    </div>
  );
}

export function Card({ row, isOpen }: { row: Decision; isOpen: boolean }) {
  const words = t();
  const [opened, setOpened] = useState(isOpen);
  const [copied, setCopied] = useState(false);
  const verdict = verdictOf(row);
  const copy = (): void => {
    const url = `${location.origin}/decisions/${row.cycle_id}/${row.model}`;
    void navigator.clipboard.writeText(url).then(() => setCopied(true));
  };
  return (
    <li class="card" data-testid="decision-card">
      <div class="card-head">
        <time dateTime={new Date(row.time_ms).toISOString()} title={moment(row.time_ms)}>
          {clock(row.time_ms)}
        </time>
        <ModelName model={row.model} />
        <b>{row.action ?? row.outcome.toUpperCase()}</b>
        {row.symbol !== null && <span>{row.symbol}</span>}
        {row.leverage ? <span>{row.leverage}x</span> : null}
        {Number(row.position_size_percent) > 0 && <span>{number(row.position_size_percent, 0)}%</span>}
        <Confidence value={row.confidence} />
        <span class={`verdict ${verdict.tone}`}>{verdict.text}</span>
      </div>
      <p class={opened ? "" : "clamped"}>{row.reasoning ?? row.failure_reason ?? ""}</p>
      <div class="card-foot">
        <button type="button" aria-expanded={opened} onClick={() => setOpened(!opened)}>
          {opened ? `− ${words.close}` : `+ ${words.open}`}
        </button>
        <button type="button" onClick={copy}>
          {copied ? words.copied : words.copy}
        </button>
        <span class="muted right">
          {row.stand_in ? `${words.standIn} · ` : ""}
          {row.provider_model.replace(/^stand-in\//, "")} {row.latency_ms === null ? "" : `· ${row.latency_ms} ms`}
        </span>
      </div>
      {opened && <Opened row={row} />}
    </li>
  );
}

export function Chat({ model, card }: { model: string | null; card: string | null }) {
  const rows = decisions.value.filter((row) => model === null || row.model === model);
  const [cycle, owner] = card?.split("/") ?? [];
  const isKnown = rows.some((row) => row.cycle_id === cycle && row.model === owner);
  const { value: linked } = useLoad<Decision | null>(
    () => (card && !isKnown ? get<Decision>(`decisions/${card}`) : Promise.resolve(null)),
    [card, isKnown],
  );
  const shown = linked ? [linked, ...rows.filter((row) => row.id !== linked.id)] : rows;
  if (shown.length === 0) return <p class="note">{t().noDecisions}</p>;
  return (
    <ul class="cards">
      {shown.map((row) => (
        <Card key={row.id} row={row} isOpen={row.cycle_id === cycle && row.model === owner} />
      ))}
    </ul>
  );
}
