import type { DecisionDetail } from "../api/types.gen";
import { compact, number, price, share } from "../words/format";
import { t } from "../words/words";

function describe(condition: DecisionDetail["invalidation_condition"]): string {
  if (condition === null) return "—";
  const { timeframe, indicator, op, value } = condition;
  return `${timeframe} ${indicator} ${op} ${value}`;
}

/** The decision as it was parsed, and what it cost. */
export function Decided({ detail }: { detail: DecisionDetail }) {
  const words = t();
  const { usage } = detail;
  const figures: [string, string][] = [
    [words.action, detail.action ?? "—"],
    [words.coin, detail.symbol ?? "—"],
    [words.leverage, detail.leverage ? `${detail.leverage}x` : "—"],
    [words.size, share(detail.position_size_percent, 0)],
    [words.confidence, share(detail.confidence, 0)],
    [words.stop, price(detail.stop_loss)],
    [words.target, price(detail.take_profit)],
    [words.invalidation, describe(detail.invalidation_condition)],
    [words.strategy, detail.strategy ?? "—"],
    [words.attempts, String(detail.attempts)],
    [words.latency, detail.latency_ms === null ? "—" : `${number(detail.latency_ms, 0)} ms`],
    [words.tokens, usage ? `${compact(usage.prompt_tokens)} → ${compact(usage.completion_tokens)}` : "—"],
    [words.cost, number(detail.cost_usd, 4)],
    [words.promptHash, detail.prompt_hash?.slice(0, 16) ?? "—"],
  ];
  for (const stop of detail.ignored_stops) {
    const prices = `${price(stop.asked_price)} → ${price(stop.used_price)}`;
    figures.push([words.ignoredStop, `${stop.field} ${prices}: ${stop.reason}`]);
  }
  for (const refused of detail.refused_answers) {
    figures.push([words.refusedAnswer, `${refused.code} ${refused.reason}`]);
  }
  if (detail.failure_reason) figures.unshift([words.failure, `${detail.failure_code ?? ""} ${detail.failure_reason}`]);
  return (
    <dl class="facts">
      {figures.map(([name, value]) => (
        <div key={`${name} ${value}`}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
