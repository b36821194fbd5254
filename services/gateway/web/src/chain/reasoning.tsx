import type { DecisionDetail } from "../api/types.gen";
import { Lazy } from "../navigation/lazy";
import { t } from "../words/words";
import { Text } from "./text";

const loadMarkdown = () => import("../ui/markdown").then(({ Markdown }) => Markdown);

/** What the decision states as its reasons, then what the model thought before it, where the provider returns that. */
export function Reasoning({ detail }: { detail: DecisionDetail }) {
  const words = t();
  const { reasoning, reasoning_content: thinking, failure_reason: failure } = detail;
  const stated = reasoning ?? failure;
  return (
    <>
      {stated ? (
        <div class="stated">
          <Lazy load={loadMarkdown} props={{ text: stated }} />
        </div>
      ) : (
        !thinking && <p class="note">{words.nothing}</p>
      )}
      {thinking && (
        <>
          <h3>{words.thinking}</h3>
          <Text value={thinking} label={words.thinking} />
        </>
      )}
    </>
  );
}
