import { compact, number, price, share } from "../../format";
import { t } from "../../i18n";
import type { DecisionDetail } from "../../types";

function said(condition: unknown): string {
  if (condition === null || condition === undefined) return "—";
  return typeof condition === "string" ? condition : JSON.stringify(condition);
}

/** The decision as it was understood, and what it cost. */
export function Decided({ detail }: { detail: DecisionDetail }) {
  const words = t();
  const { usage } = detail;
  const facts: [string, string][] = [
    [words.action, detail.action ?? "—"],
    [words.coin, detail.symbol ?? "—"],
    [words.leverage, detail.leverage ? `${detail.leverage}x` : "—"],
    [words.size, share(detail.position_size_percent, 0)],
    [words.confidence, share(detail.confidence, 0)],
    [words.stop, price(detail.stop_loss)],
    [words.target, price(detail.take_profit)],
    [words.invalidation, said(detail.invalidation_condition)],
    [words.strategy, detail.strategy ?? "—"],
    [words.attempts, String(detail.attempts)],
    [words.latency, detail.latency_ms === null ? "—" : `${number(detail.latency_ms, 0)} ms`],
    [words.tokens, usage ? `${compact(usage.prompt_tokens)} → ${compact(usage.completion_tokens)}` : "—"],
    [words.cost, number(detail.cost_usd, 4)],
    [words.promptHash, detail.prompt_hash?.slice(0, 16) ?? "—"],
  ];
  if (detail.failure_reason) facts.unshift([words.failure, `${detail.failure_code ?? ""} ${detail.failure_reason}`]);
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
