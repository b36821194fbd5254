import type { Decision } from "../api/types.gen";
import { describeRule } from "../words/rules";
import { fill, t } from "../words/words";

/** The verdict as one line: how many rules passed, after those that failed, each in words with its figure and limit. */
export function VerdictLine({ row }: { row: Pick<Decision, "rules_judged" | "failed_rules"> }) {
  const words = t();
  if (row.rules_judged === 0) return null;
  const { failed_rules: failed, rules_judged: n } = row;
  return (
    <p class="verdict-line">
      {failed.map((rule) => (
        <span key={rule.code} class="loss" title={[rule.code, rule.setting, rule.detail].filter(Boolean).join(" · ")}>
          ✗ {describeRule(rule)}
        </span>
      ))}
      <span class="muted">{fill(words.passedOf, { passed: n - failed.length, n })}</span>
    </p>
  );
}
