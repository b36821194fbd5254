import { useEffect, useRef, useState } from "preact/hooks";

import type { Decision } from "../api/types.gen";
import { Chain, type Part } from "../chain/chain";
import { cardPath, cyclePath } from "../navigation/route";
import { ModelName } from "../ui/model-name";
import { clock, moment, number } from "../words/format";
import { t } from "../words/words";
import { Confidence } from "./confidence";
import { verdictOf } from "./verdict";
import { VerdictLine } from "./verdict-line";

const COPIED_MS = 2_000;

function CopyLink({ url }: { url: string }) {
  const words = t();
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setIsCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const copy = (event: MouseEvent): void => {
    if (!navigator.clipboard) return;
    event.preventDefault();
    event.stopPropagation();
    void navigator.clipboard.writeText(location.origin + url).then(() => setIsCopied(true));
  };
  return (
    <a class="copy" href={url} onClick={copy} aria-label={words.copy} title={words.copy}>
      <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
        <path
          fill="none"
          stroke="currentColor"
          stroke-width="1.4"
          d="M6.5 9.5 9.5 6.5M7 4.5l1.2-1.2a3 3 0 0 1 4.3 4.3L11.2 9M9 11.5l-1.2 1.2a3 3 0 0 1-4.3-4.3L4.8 7"
        />
      </svg>
      <span role="status">{isCopied ? ` ${words.copied}` : ""}</span>
    </a>
  );
}

/** One decision: model, action, confidence, verdict; opens to its whole chain. */
export function Card({ row, part, isLinked }: { row: Decision; part: Part; isLinked: boolean }) {
  const words = t();
  const [isOpen, setIsOpen] = useState(isLinked);
  const [shown, setShown] = useState<Part>(part);
  const element = useRef<HTMLLIElement>(null);
  const verdict = verdictOf(row, words);
  const text = row.reasoning ?? row.failure_reason ?? "";
  useEffect(() => {
    if (isLinked) element.current?.scrollIntoView({ block: "start" });
  }, [isLinked]);
  return (
    <li class={`card ${isLinked ? "linked" : ""}`} data-testid="decision-card" data-id={row.id} ref={element}>
      <div class="card-head">
        <time dateTime={new Date(row.time_ms).toISOString()} title={moment(row.time_ms)}>
          {clock(row.time_ms)}
        </time>
        <ModelName model={row.model} />
        <b>{row.action === null ? words.noAnswer : words.actions[row.action]}</b>
        {row.symbol !== null && <span>{row.symbol}</span>}
        {row.leverage ? <span>{row.leverage}x</span> : null}
        {Number(row.position_size_percent) > 0 && <span>{number(row.position_size_percent, 0)}%</span>}
        <Confidence value={row.confidence} />
        <span class={`verdict ${verdict.tone}`}>{verdict.text}</span>
      </div>
      <VerdictLine row={row} />
      {text && !isOpen && <p class="clamped">{text}</p>}
      <div class="card-foot">
        <button type="button" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          <span aria-hidden="true">{isOpen ? "−" : "+"}</span> {isOpen ? words.close : words.open}
        </button>
        {isLinked && (
          <a class="quiet" href={cyclePath(row.cycle_id)} title={words.toDuel}>
            {words.duel} ↗
          </a>
        )}
        <CopyLink url={cardPath(row.cycle_id, row.model, isOpen ? shown : undefined)} />
        <span class="muted right">
          {row.stand_in ? `${words.standIn} · ` : ""}
          {row.provider_model.replace(/^stand-in\//, "")}
          {row.latency_ms === null ? "" : ` · ${number(row.latency_ms, 0)} ms`}
        </span>
      </div>
      {isOpen && <Chain row={row} first={part} onPart={setShown} />}
    </li>
  );
}
