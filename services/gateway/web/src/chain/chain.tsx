import { useState } from "preact/hooks";

import { get } from "../api/rest";
import type { Decision, DecisionDetail } from "../api/types.gen";
import { useLoad } from "../api/use-load";
import { LoadNote } from "../ui/note";
import { Panel, Tabs } from "../ui/tabs";
import { t } from "../words/words";
import { Decided } from "./decided";
import { Orders } from "./orders";
import { Outcome } from "./outcome";
import { Prompt } from "./prompt";
import { Reasoning } from "./reasoning";
import { Risk } from "./risk";
import { Snapshot } from "./snapshot";
import { Text } from "./text";

export const PARTS = ["reasoning", "risk", "orders", "result", "decision", "snapshot", "prompt", "raw"] as const;
export type Part = (typeof PARTS)[number];

export function partOf(value: string | null): Part {
  return PARTS.find((part) => part === value) ?? "reasoning";
}

function Content({ part, detail }: { part: Part; detail: DecisionDetail }) {
  switch (part) {
    case "snapshot":
      return <Snapshot detail={detail} />;
    case "prompt":
      return <Prompt detail={detail} />;
    case "reasoning":
      return <Reasoning detail={detail} />;
    case "raw":
      return <Text value={detail.raw_response} label={t().raw} />;
    case "decision":
      return <Decided detail={detail} />;
    case "risk":
      return <Risk detail={detail} />;
    case "orders":
      return <Orders detail={detail} />;
    case "result":
      return <Outcome detail={detail} />;
  }
}

/** The chain of one decision, part by part, from the snapshot to the trade. */
export function Chain({ row, first, onPart }: { row: Decision; first: Part; onPart: (part: Part) => void }) {
  const words = t();
  const [part, setPart] = useState<Part>(first);
  const id = `chain-${row.id.replace(/[^\w-]/g, "_")}`;
  const loaded = useLoad(
    `decision ${row.id}`,
    () => get("/decisions/{cycle_id}/{model}", { cycle_id: row.cycle_id, model: row.model }),
    0,
    `${row.verdict} ${row.executed}`,
  );
  const pick = (picked: Part): void => {
    setPart(picked);
    onPart(picked);
  };
  return (
    <div class="opened">
      <Tabs
        id={id}
        label={words.chain}
        value={part}
        choices={PARTS.map((value) => ({ value, text: words[value] }))}
        onPick={pick}
      />
      <Panel id={id} value={part} class="part">
        {loaded.value ? <Content part={part} detail={loaded.value} /> : <LoadNote loaded={loaded} />}
      </Panel>
    </div>
  );
}
