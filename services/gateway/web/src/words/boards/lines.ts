/** One line of a service's log for people: its time, its level, and what it says with its figures. */

import { moment } from "../format";
import { nameOf } from "./codes";

export interface Line {
  time: string;
  level: string;
  text: string;
  isTrouble: boolean;
}

/** A line that is no JSON object (a long one is cut) stands as it is. */
export function lineOf(raw: string): Line {
  let read: unknown;
  try {
    read = JSON.parse(raw);
  } catch {
    read = null;
  }
  if (typeof read !== "object" || read === null || Array.isArray(read)) {
    return { time: "", level: "", text: raw, isTrouble: false };
  }
  const { ts, level, event, ...figures } = read as Record<string, unknown>;
  delete figures["service"];
  const at = Date.parse(String(ts));
  const details = Object.entries(figures).map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return {
    time: Number.isNaN(at) ? "" : moment(at),
    level: nameOf(String(level ?? "")),
    text: [String(event ?? ""), ...details].join(" "),
    isTrouble: level === "warning" || level === "error" || level === "critical",
  };
}
