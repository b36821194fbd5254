/** REST, typed by the path; a failure is an ApiError with the server's own code and message. */

import { shownMoment } from "../state/replay";
import type { Position, Responses } from "./types.gen";

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 10_000;

export type Parameters = Record<string, string | null>;

/** What `path` returns. A parameter that the path names in braces goes there, the others into the query; null is left
 * out. */
export async function get<P extends keyof Responses>(path: P, parameters: Parameters = {}): Promise<Responses[P]> {
  const response = await fetch(urlOf(path, { ...parameters, ...momentOf(path) }), { signal: AbortSignal.timeout(TIMEOUT_MS) });
  // Reading takes a token that has ended or changed: the server answers a page with the form for it.
  if (response.status === 401) location.reload();
  return read<Responses[P]>(response);
}

/** In a replay what can be read as of a moment is. */
function momentOf(path: string): Parameters {
  const at = shownMoment();
  if (at === null) return {};
  if (path === "/decisions") return { until_ms: String(at) };
  return ["/equity", "/trades", "/candles"].includes(path) ? { at: String(at) } : {};
}

export function urlOf(path: string, parameters: Parameters): string {
  const query = new URLSearchParams();
  let filled = path;
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null) continue;
    if (filled.includes(`{${name}}`)) filled = filled.replace(`{${name}}`, encodeURIComponent(value));
    else query.set(name, value);
  }
  const text = query.toString();
  return `/api/v1${filled}${text ? `?${text}` : ""}`;
}

export type Command = "halt" | "resume" | "flatten" | "close";

/** What a command concerns: one model or, with null, all; a flatten may halt as well. A close names one position, by its
 * side and its entry's cycle too: what was opened since stays open. */
export type Target = { model: string | null; halt: boolean } | { position: Held | null };

export type Held = Pick<Position, "model" | "symbol" | "side" | "cycle_id">;

function bodyOf(target: Target): Partial<Held> & { halt?: true } {
  if ("position" in target) {
    if (!target.position) return {};
    const { model, symbol, side, cycle_id } = target.position;
    return { model, symbol, side, cycle_id };
  }
  return { ...(target.model && { model: target.model }), ...(target.halt && { halt: true }) };
}

/** Sends a control command with the operator's token. */
export async function sendCommand(command: Command, target: Target, token: string): Promise<void> {
  const response = await fetch(`/api/v1/control/${command}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(bodyOf(target)),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  await read<unknown>(response);
}

/** The services' last log lines, with the operator's token. */
export async function readLogs(token: string): Promise<Responses["/logs"]> {
  const headers = { Authorization: `Bearer ${token}` };
  return read(await fetch("/api/v1/logs", { headers, signal: AbortSignal.timeout(TIMEOUT_MS) }));
}

async function read<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const error = (body as { error?: { code?: string; message?: string } } | null)?.error;
    throw new ApiError(response.status, error?.code ?? "", error?.message ?? `HTTP ${response.status}`);
  }
  return body as T;
}
