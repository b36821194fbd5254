/** REST, typed by the caller; a failure is an Error with the server's own words. */

export class ApiError extends Error {}

export async function get<T>(path: string, parameters: Record<string, string | null> = {}): Promise<T> {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== null) query.set(name, value);
  const text = query.toString();
  const response = await fetch(`/api/v1/${path}${text ? `?${text}` : ""}`, { signal: AbortSignal.timeout(10_000) });
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) {
    const message = (body as { error?: { message?: string } } | null)?.error?.message;
    throw new ApiError(message ?? `HTTP ${response.status}`);
  }
  return body as T;
}
