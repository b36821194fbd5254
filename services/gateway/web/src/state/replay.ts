/** Whether the page shows the arena as it stood at a moment: the address names it (`?at=`, ms or ISO). The way in
 * and the way out load the page again, so that nothing live and nothing past ever mix. */

/** A time in an address, in ms; null where it is none. */
export function parseMoment(text: string | null): number | null {
  if (text === null || text === "") return null;
  // An unescaped plus of a zone arrives as a space.
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text.trim().replace(" ", "+"));
  return Number.isFinite(ms) && ms >= 0 && ms < 1e15 ? ms : null;
}

/** The moment of the address; none in an embedded page, which has no band to say so. */
function momentOfAddress(): number | null {
  if (typeof location === "undefined" || location.pathname.startsWith("/embed")) return null;
  return parseMoment(new URLSearchParams(location.search).get("at"));
}

let moment = momentOfAddress();

/** The moment shown, in ms of market time; null on the live page. */
export function shownMoment(): number | null {
  return moment;
}

export const isReplay = moment !== null;

export function showMoment(ms: number): void {
  moment = ms;
}
