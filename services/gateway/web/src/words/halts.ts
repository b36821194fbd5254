import type { Halt } from "../api/types.gen";
import { moment } from "./format";

/** A halt in one line: its reason, who has given it, since when, and what it is in detail. */
export function describeHalt(halt: Halt): string {
  const author = halt.author === null ? "" : ` · ${halt.author}`;
  const detail = halt.detail === "" ? "" : ` · ${halt.detail}`;
  return `${halt.reason}${author} · ${moment(halt.since_ms)}${detail}`;
}
