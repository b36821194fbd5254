/** Numbers and times as people read them: tabular, signed where it is a change, − as U+2212. */

export const NONE = "—";

export function number(value: string | number | null | undefined, decimals: number): string {
  if (value === null || value === undefined || value === "") return NONE;
  const parsed = Number(value);
  if (!Number.isFinite(parsed)) return NONE;
  return parsed
    .toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })
    .replace("-", "−");
}

/** A change or a P&L: the sign is always shown, except on nothing. */
export function signed(value: string | number | null | undefined, decimals: number): string {
  const text = number(value, decimals);
  if (text === NONE) return NONE;
  return Number(value) > 0 ? `+${text}` : text;
}

export function usd(value: string | number | null | undefined): string {
  return number(value, 2);
}

export function percent(value: string | number | null | undefined): string {
  const text = signed(value, 2);
  return text === NONE ? NONE : `${text}%`;
}

/** Decimals of a price: five significant figures, as the exchange quotes it, and never fewer than none. */
export function priceDecimals(price: number): number {
  if (!Number.isFinite(price) || price <= 0) return 2;
  const whole = Math.floor(Math.log10(price)) + 1;
  return Math.min(6, Math.max(whole >= 6 ? 1 : 0, 5 - whole));
}

export function price(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  return number(value, priceDecimals(Number(value)));
}

export function size(value: string): string {
  const parsed = Number(value);
  return Number.isFinite(parsed)
    ? parsed.toLocaleString("en-US", { maximumFractionDigits: 5 }).replace("-", "−")
    : NONE;
}

const two = (value: number): string => String(value).padStart(2, "0");

export function clock(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

export function moment(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A span of time, coarse: 42s, 17m, 5h 03m, 3d 04h. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}m ${two(seconds % 60)}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours}h ${two(minutes % 60)}m`;
  return `${Math.floor(hours / 24)}d ${two(hours % 24)}h`;
}

/** "gain", "loss" or "" for a figure's colour; colour is never the only sign. */
export function tone(value: string | number | null | undefined): string {
  const parsed = Number(value ?? 0);
  return parsed > 0 ? "gain" : parsed < 0 ? "loss" : "";
}

export function arrow(value: string | number | null | undefined): string {
  const parsed = Number(value ?? 0);
  return parsed > 0 ? "▲" : parsed < 0 ? "▼" : "";
}

/** Seconds as the chart counts them, shown in local time. */
export function chartTime(ms: number): number {
  return Math.floor(ms / 1000) - new Date(ms).getTimezoneOffset() * 60;
}
