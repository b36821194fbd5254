import type { DecisionDetail } from "../api/types.gen";
import { VerdictLine } from "../chat/verdict-line";
import { ruleFigure, ruleName } from "../words/rules";
import { t } from "../words/words";

/** The verdict: every rule with its figure and its limit, the failing ones marked. */
export function Risk({ detail }: { detail: DecisionDetail }) {
  const words = t();
  if (detail.rules.length === 0) return <p class="note">{words.noVerdict}</p>;
  const rules = [...detail.rules].sort((a, b) => Number(a.passed) - Number(b.passed));
  return (
    <>
    <VerdictLine row={detail} />
    <table class="rules">
      <thead>
        <tr>
          <th scope="col">
            <span class="hidden">{words.verdict}</span>
          </th>
          <th scope="col">{words.rule}</th>
          <th scope="col">{words.figure}</th>
          <th scope="col">{words.limit}</th>
        </tr>
      </thead>
      <tbody>
        {rules.map((rule) => (
          <tr key={rule.code} class={rule.passed ? "" : "failing"}>
            <td>
              <span aria-hidden="true">{rule.passed ? "✓" : "✗"}</span>
              <span class="hidden">{rule.passed ? words.passed : words.failing}</span>
            </td>
            <th scope="row">
              {ruleName(rule.code)} <span class="muted">{rule.code}</span>
              {rule.setting && rule.setting !== rule.code && <span class="muted"> {rule.setting}</span>}
              {rule.detail && <div class="muted">{rule.detail}</div>}
            </th>
            <td>{ruleFigure(rule, rule.value) || "—"}</td>
            <td>{ruleFigure(rule, rule.limit) || "—"}</td>
          </tr>
        ))}
      </tbody>
    </table>
    </>
  );
}
