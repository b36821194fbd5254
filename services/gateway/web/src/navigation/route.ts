/** What a path shows. Pure, so that every link can be tested. */

export type Route =
  | { page: "live"; card: { cycle: string; model: string } | null }
  | { page: "leaderboard" | "trades" | "operations" | "readme" | "missing" }
  | { page: "duel"; cycle: string }
  | { page: "embed"; part: "equity" | "duel" }
  | { page: "model"; model: string };

/** The page of a path; `models` are the contenders' ids, of which the first is the default. */
export function routeOf(path: string, models: string[]): Route {
  const [first, second, third, ...more] = path.split("/").filter(Boolean).map(decoded);
  if (more.length) return { page: "missing" };
  switch (first) {
    case undefined:
      return { page: "live", card: null };
    case "decisions":
      return second && third && models.includes(third)
        ? { page: "live", card: { cycle: second, model: third } }
        : { page: "missing" };
    case "embed":
      return (second === "equity" || second === "duel") && !third ? { page: "embed", part: second } : { page: "missing" };
    case "cycles":
      return second && !third ? { page: "duel", cycle: second } : { page: "missing" };
    case "models": {
      const model = second ?? models[0] ?? "";
      return models.includes(model) && !third ? { page: "model", model } : { page: "missing" };
    }
    case "leaderboard":
    case "trades":
    case "operations":
    case "readme":
      return second ? { page: "missing" } : { page: first };
    default:
      return { page: "missing" };
  }
}

/** The address of one decision's card, opened at one part of its chain. */
export function cardPath(cycle: string, model: string, part?: string): string {
  return `/decisions/${encodeURIComponent(cycle)}/${model}${part ? `?part=${part}` : ""}`;
}

/** The address of a cycle's duel. */
export function cyclePath(cycle: string): string {
  return `/cycles/${encodeURIComponent(cycle)}`;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
