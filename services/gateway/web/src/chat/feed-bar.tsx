import { goTo, setFilter } from "../navigation/router";
import { marketSpeed } from "../state/clock";
import { isReplay, shownMoment } from "../state/replay";
import { coins, contenderIds, lookOf } from "../state/roster";
import { now, status } from "../state/store";
import { fill, t } from "../words/words";
import { ACTIONS, type Filters, localMinute, secondsToNext, VERDICTS } from "./filters";

function Choice(props: { name: string; label: string; any: string; value: string | null; texts: Record<string, string> }) {
  return (
    <select
      aria-label={props.label}
      data-testid={`feed-${props.name}`}
      value={props.value ?? ""}
      onChange={(event) => setFilter(props.name, (event.target as HTMLSelectElement).value || null, true)}
    >
      <option value="">{props.any}</option>
      {Object.entries(props.texts).map(([value, text]) => (
        <option key={value} value={value}>
          {text}
        </option>
      ))}
    </select>
  );
}

/** How long until the next decision, by the market's clock. */
function Countdown() {
  const intervalS = status.value?.decision_interval_s;
  if (!intervalS) return null;
  return (
    <span class="muted countdown" data-testid="countdown">
      {fill(t().nextIn, { s: secondsToNext(now.value, intervalS, marketSpeed.value) })}
    </span>
  );
}

/** Goes to a moment: the page then shows the arena as it stood. */
function Jump() {
  const words = t();
  const until = shownMoment();
  const jump = (event: Event): void => {
    const ms = new Date((event.target as HTMLInputElement).value).getTime();
    goTo(Number.isFinite(ms) ? ms : null);
  };
  return (
    <label>
      <span class="label">{words.jump}</span>{" "}
      <input type="datetime-local" data-testid="feed-at" value={until === null ? "" : localMinute(until)} onChange={jump} />
    </label>
  );
}

/** What the feed shows: contender, action, coin, verdict, time, and whether folded HOLDs stand open. */
export function FeedBar({ filters, isUnfolded }: { filters: Filters; isUnfolded: boolean }) {
  const words = t();
  return (
    <div class="feed-bar" role="group" aria-label={words.feed}>
      <Choice
        name="model"
        label={words.filter}
        any={words.allModels}
        value={filters.model}
        texts={Object.fromEntries(contenderIds().map((each) => [each, lookOf(each).name]))}
      />
      <Choice
        name="action"
        label={words.action}
        any={words.anyAction}
        value={filters.action}
        texts={Object.fromEntries(ACTIONS.map((each) => [each, words.actions[each]]))}
      />
      <Choice
        name="symbol"
        label={words.coin}
        any={words.anyCoin}
        value={filters.symbol}
        texts={Object.fromEntries(coins().map((each) => [each, each]))}
      />
      <Choice
        name="verdict"
        label={words.verdict}
        any={words.anyVerdict}
        value={filters.verdict}
        texts={Object.fromEntries(VERDICTS.map((each) => [each, words.verdicts[each]]))}
      />
      <button
        type="button"
        aria-pressed={isUnfolded}
        onClick={() => setFilter("holds", isUnfolded ? null : "shown", true)}
        data-testid="feed-holds"
      >
        {words.holds} {isUnfolded ? words.holdsShown : words.holdsFolded}
      </button>
      <Jump />
      {!isReplay ? (
        <Countdown />
      ) : (
        <button type="button" onClick={() => goTo(null)}>
          {words.backToNow}
        </button>
      )}
    </div>
  );
}
