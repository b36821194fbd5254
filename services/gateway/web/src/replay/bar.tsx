import { useEffect } from "preact/hooks";

import { goTo } from "../navigation/router";
import { stamp } from "../words/format";
import { fill } from "../words/words";
import { hasFailed, isPlaying, play, seek, setSpeed, shown, span, speed, SPEEDS } from "./player";
import { replayWords } from "./words";

const STEP_MS = 60_000;

/** Space plays and pauses, the arrows step a minute, with Shift an hour; while nothing else has the focus. */
function useKeys(): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const isOfPage = event.target === document.body || (event.target as Element).tagName === "MAIN";
      if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || !isOfPage) return;
      const sign = event.key === "ArrowLeft" ? -1 : event.key === "ArrowRight" ? 1 : 0;
      if (event.key === " ") play(!isPlaying.value);
      else if (sign) void seek(shown.value + sign * STEP_MS * (event.shiftKey ? 60 : 1));
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

/** The band that says that nothing here is live, and the way through what is stored. */
export function ReplayBar() {
  const words = replayWords();
  useKeys();
  const stored = span.value;
  return (
    <footer class="replay" data-testid="replay">
      <b role={isPlaying.value ? undefined : "status"}>{fill(words.asOf, { time: stamp(shown.value) })}</b>
      <button type="button" onClick={() => play(!isPlaying.value)} data-testid="replay-play">
        {isPlaying.value ? words.pause : words.play}
      </button>
      <select
        aria-label={words.speed}
        value={String(speed.value)}
        onChange={(event) => setSpeed(Number((event.target as HTMLSelectElement).value))}
        data-testid="replay-speed"
      >
        {SPEEDS.map((each) => (
          <option key={each} value={each}>
            {each}×
          </option>
        ))}
      </select>
      {stored && (
        <input
          type="range"
          aria-label={words.time}
          aria-valuetext={stamp(shown.value)}
          min={stored.first}
          max={stored.last}
          step={1000}
          value={shown.value}
          onChange={(event) => void seek(Number((event.target as HTMLInputElement).value))}
          data-testid="replay-time"
        />
      )}
      {hasFailed.value && <span class="warning">{words.failed}</span>}
      <button type="button" onClick={() => goTo(null)} data-testid="replay-live">
        {words.live}
      </button>
    </footer>
  );
}
