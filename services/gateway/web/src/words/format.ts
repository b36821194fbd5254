/** Numbers and times in the chosen language: tabular, changes signed, − as U+2212. */

import { language, locale } from "./language";

export const NONE = "—";
export type Figure = string | number | null | undefined;
type Sign = "negative" | "exceptZero";

const CACHE = new Map<string, Intl.NumberFormat>();

/** Formats are costly to create and few: each is created once. */
function formatOf(decimals: number, sign: Sign, least = decimals): Intl.NumberFormat {
  const key = `${locale()} ${decimals} ${least} ${sign}`;
  let format = CACHE.get(key);
  if (!format) {
    format = new Intl.NumberFormat(locale(), {
      minimumFractionDigits: least,
      maximumFractionDigits: decimals,
      signDisplay: sign,
    });
    CACHE.set(key, format);
  }
  return format;
}

function parsed(value: Figure): number | null {
  if (value === null || value === undefined || value === "") return null;
  const figure = Number(value);
  return Number.isFinite(figure) ? figure : null;
}

export function number(value: Figure, decimals: number): string {
  const figure = parsed(value);
  return figure === null ? NONE : formatOf(decimals, "negative").format(figure).replace("-", "−");
}

/** A change or a P&L: the sign is always shown, except on nothing. */
export function signed(value: Figure, decimals: number): string {
  const figure = parsed(value);
  return figure === null ? NONE : formatOf(decimals, "exceptZero").format(figure).replace("-", "−");
}

export function usd(value: Figure): string {
  return number(value, 2);
}

/** A change in percent, signed. */
export function percent(value: Figure): string {
  const text = signed(value, 2);
  return text === NONE ? NONE : `${text}%`;
}

/** A share in percent, which has no sign. */
export function share(value: Figure, decimals = 1): string {
  const text = number(value, decimals);
  return text === NONE ? NONE : `${text}%`;
}

/** A big count, shortened: 12.3K, 1.2万. */
export function compact(value: Figure, least = 0): string {
  const figure = parsed(value);
  if (figure === null) return NONE;
  const digits = { minimumFractionDigits: least, maximumFractionDigits: Math.max(1, least) };
  return new Intl.NumberFormat(locale(), { notation: "compact", ...digits }).format(figure);
}

/** Decimals of a price: five significant figures, as the exchange quotes it, and at least none. */
export function priceDecimals(price: number): number {
  if (!Number.isFinite(price) || price <= 0) return 2;
  const whole = Math.floor(Math.log10(price)) + 1;
  return Math.min(6, Math.max(whole >= 6 ? 1 : 0, 5 - whole));
}

export function price(value: Figure): string {
  return number(value, priceDecimals(Number(value ?? 0)));
}

/** A size in coin; with `decimals`, those of the coin's lot, so that sizes in a column stand under each other. */
export function size(value: Figure, decimals?: number): string {
  if (decimals !== undefined) return number(value, decimals);
  const figure = parsed(value);
  return figure === null ? NONE : formatOf(5, "negative", 0).format(figure).replace("-", "−");
}

const two = (value: number): string => String(value).padStart(2, "0");

export function clock(ms: number): string {
  const date = new Date(ms);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** Day and minute, in local time: 11-24 14:03, of another year than this one 2025-05-30 14:03. */
export function moment(ms: number | null): string {
  if (ms === null) return NONE;
  const year = new Date(ms).getFullYear();
  return year === new Date().getFullYear() ? stamp(ms).slice(5) : stamp(ms);
}

/** Date and minute, in local time: 2025-05-30 14:03. */
export function stamp(ms: number): string {
  const date = new Date(ms);
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** A span of time, coarse: 42s, 17m 05s, 5h 03m, 3d 04h. */
export function span(ms: Figure): string {
  const figure = parsed(ms);
  if (figure === null) return NONE;
  const [day, hour, minute, second] = language.value === "zh" ? ["天", "小时", "分", "秒"] : ["d ", "h ", "m ", "s"];
  const seconds = Math.max(0, Math.floor(figure / 1000));
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (seconds < 60) return `${seconds}${second}`;
  if (minutes < 60) return `${minutes}${minute}${two(seconds % 60)}${second}`;
  const last = (text: string | undefined): string => (text ?? "").trim();
  if (hours < 48) return `${hours}${hour}${two(minutes % 60)}${last(minute)}`;
  return `${Math.floor(hours / 24)}${day}${two(hours % 24)}${last(hour)}`;
}

/** How old something is: tenths of a second while it is young. */
export function age(ms: number | null): string {
  if (ms === null) return NONE;
  return ms < 10_000 ? `${number(Math.max(0, ms) / 1000, 1)}s` : span(ms);
}

/** A gain or a loss as it is shown, in hundredths: less than that is neither. */
function hundredths(value: Figure): number {
  return Math.round(Math.abs(Number(value ?? 0)) * 100) * Math.sign(Number(value ?? 0));
}

/** "gain", "loss" or "" for a figure's color; color is never the only sign. */
export function tone(value: Figure): string {
  const figure = hundredths(value);
  return figure > 0 ? "gain" : figure < 0 ? "loss" : "";
}

export function arrow(value: Figure): string {
  const figure = hundredths(value);
  return figure > 0 ? "▲" : figure < 0 ? "▼" : "";
}

/** Seconds as the chart counts them, shown in local time. */
export function chartTime(ms: number): number {
  return Math.floor(ms / 1000) - new Date(ms).getTimezoneOffset() * 60;
}
