import { useState } from "preact/hooks";

import type { DecisionDetail } from "../api/types.gen";
import { cardPath } from "../navigation/route";
import { fill, t } from "../words/words";
import { type Change, changesOf } from "./diff";
import { Text } from "./text";

const SIGNS = { same: " ", added: "+", removed: "−" } as const;

function Line({ change }: { change: Change }) {
  const words = t();
  if (change.kind === "folded") return <div class="folded">⋯ {fill(words.unchanged, { n: change.lines })}</div>;
  return (
    <div class={change.kind}>
      <span aria-hidden="true">{SIGNS[change.kind]} </span>
      {change.kind !== "same" && <span class="hidden">{change.kind === "added" ? words.added : words.removed}: </span>}
      {change.text}
    </div>
  );
}

/** The prompt: in full, or as changes against the model's previous one. */
export function Prompt({ detail }: { detail: DecisionDetail }) {
  const words = t();
  const [isDiff, setIsDiff] = useState(false);
  const previous = detail.previous_prompt;
  const { system, user } = detail.prompt;
  const canDiff = previous?.user !== null && previous?.user !== undefined && user !== null;
  return (
    <>
      <div class="part-head">
        <span class="switch" role="group" aria-label={words.prompt}>
          <button type="button" aria-pressed={!isDiff} onClick={() => setIsDiff(false)}>
            {words.whole}
          </button>
          <button type="button" aria-pressed={isDiff} disabled={!canDiff} onClick={() => setIsDiff(true)}>
            {words.diff}
          </button>
        </span>
        {isDiff && previous ? (
          <a class="quiet" href={cardPath(previous.cycle_id, detail.model, "prompt")}>
            {words.previous} {previous.cycle_id}
          </a>
        ) : (
          !canDiff && <span class="muted">{words.noPrevious}</span>
        )}
      </div>
      {isDiff && canDiff ? (
        <div class="text diff" tabIndex={0} role="region" aria-label={words.diff}>
          {changesOf(previous?.user ?? "", user ?? "").map((change, index) => (
            <Line key={index} change={change} />
          ))}
        </div>
      ) : (
        <Text value={[system, user].filter(Boolean).join("\n\n———\n\n") || null} label={words.prompt} />
      )}
    </>
  );
}
