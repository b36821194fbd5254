import type { DecisionDetail } from "../api/types.gen";
import { t } from "../words/words";

/** The verdict: every rule with its figure and its limit, the failing ones marked. */
export function Risk({ detail }: { detail: DecisionDetail }) {
  const words = t();
  if (detail.rules.length === 0) return <p class="note">{words.noVerdict}</p>;
  return (
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
        {detail.rules.map((rule) => (
          <tr key={rule.code} class={rule.passed ? "" : "failing"}>
            <td>
              <span aria-hidden="true">{rule.passed ? "✓" : "✗"}</span>
              <span class="hidden">{rule.passed ? words.passed : words.failing}</span>
            </td>
            <th scope="row">
              {rule.code}
              {rule.setting && <span class="muted"> {rule.setting}</span>}
              {rule.detail && <div class="muted">{rule.detail}</div>}
            </th>
            <td>{rule.value ?? "—"}</td>
            <td>{rule.limit ?? "—"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
