/** REST, typed by the caller; a failure is an Error with the server's own words. */

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const LIMIT_MS = 10_000;

export async function get<T>(path: string, parameters: Record<string, string | null> = {}): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== null) query.set(name, value);
  const text = query.toString();
  return answer<T>(await fetch(`/api/v1/${path}${text ? `?${text}` : ""}`, { signal: AbortSignal.timeout(LIMIT_MS) }));
}

export type Command = "halt" | "resume" | "flatten";

/** Sends a control command with the operator's token, for one model or, without one, for both. */
export async function control(command: Command, model: string | null, token: string): Promise<void> {
  const response = await fetch(`/api/v1/control/${command}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: JSON.stringify(model === null ? {} : { model }),
    signal: AbortSignal.timeout(LIMIT_MS),
  });
  await answer<unknown>(response);
}

async function answer<T>(response: Response): Promise<T> {
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const error = (body as { error?: { code?: string; message?: string } } | null)?.error;
    throw new ApiError(response.status, error?.code ?? "", error?.message ?? `HTTP ${response.status}`);
  }
  return body as T;
}
