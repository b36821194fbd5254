import type { Halt, Status } from "../api/types.gen";
import { lookOf } from "../state/roster";
import { moment } from "./format";
import { t, type Words } from "./words";

export interface HaltLine {
  key: string;
  /** Whose entries are stopped, and how far. */
  target: string;
  text: string;
}

/** A halt in one line: its reason, who has given it, since when, until when, and what it is in detail. */
export function describeHalt(halt: Halt): string {
  const words = t();
  const reasons: Record<string, string> = words.haltReasons;
  const until = halt.until_ms === null ? "" : ` ${words.until} ${moment(halt.until_ms)}`;
  const parts = [reasons[halt.reason] ?? halt.reason, halt.author, `${words.since} ${moment(halt.since_ms)}${until}`, halt.detail];
  return parts.filter(Boolean).join(" · ");
}

/** A line for each halt in force, and for each contender that is stopped without one. */
export function haltLines(status: Status, words: Words): HaltLine[] {
  const lines = status.halts.map((halt) => {
    const state = status.models.find(({ model }) => model === halt.model)?.trading_state ?? status.trading_state;
    const whose = halt.model === null ? words.allModels : lookOf(halt.model).name;
    const key = `${halt.reason} ${halt.model ?? ""} ${halt.since_ms}`;
    return { key, target: `${whose} ${words.tradingStates[state]}`, text: describeHalt(halt) };
  });
  const explained = new Set(status.halts.map(({ model }) => model));
  const others = status.models.filter(
    ({ model, trading_state }) => trading_state !== "ACTIVE" && !explained.has(model) && !explained.has(null),
  );
  return [
    ...lines,
    ...others.map(({ model, trading_state, reasons }) => ({
      key: model,
      target: `${lookOf(model).name} ${words.tradingStates[trading_state]}`,
      text: reasons.join(", "),
    })),
  ];
}
