import { get } from "../api/rest";
import type { CalibrationBucket, Responses } from "../api/types.gen";
import { useLoad } from "../api/use-load";
import { contenderIds, lookOf } from "../state/roster";
import { LoadNote, StaleNote } from "../ui/note";
import { ModelName } from "../ui/model-name";
import { arrow, NONE, number, percent, share, tone } from "../words/format";
import { minutesText } from "../words/minutes";
import { fill, t } from "../words/words";
import { countText, pairsOf } from "./scores";
import { SpanTable } from "./span-table";

const POLL_MS = 30_000;

type Scores = Responses["/duels"];

/** How often two contenders agreed, and who was right where they didn't, by span. */
function Pairs({ scores }: { scores: Scores }) {
  const words = t();
  return (
    <>
      <div class="pairs">
      {pairsOf(scores.duels).map(({ model, rival, spans }) => {
        const [first] = spans;
        if (!first) return null;
        return (
          <table key={`${model} ${rival}`} class="figures pair-score" data-pair={`${model} ${rival}`}>
            <caption>
              <ModelName model={model} /> : <ModelName model={rival} />
              <span class="muted">
                {words.agreement}: {countText(first.agreed, first.cycles)} {words.agreedOf};{" "}
                {countText(first.acted_agreed, first.acted)} {words.actedOf}
              </span>
            </caption>
            <thead>
              <tr>
                <th scope="col">{words.right}</th>
                <th scope="col">{lookOf(model).name}</th>
                <th scope="col">{lookOf(rival).name}</th>
                <th scope="col">{words.neither}</th>
                <th scope="col">n</th>
              </tr>
            </thead>
            <tbody>
              {spans.map((row) => (
                <tr key={row.minutes} data-minutes={row.minutes}>
                  <th scope="row">{fill(words.after, { span: minutesText(row.minutes) })}</th>
                  <td data-label={lookOf(model).name}>{row.model_right}</td>
                  <td data-label={lookOf(rival).name}>{row.rival_right}</td>
                  <td data-label={words.neither}>{row.known - row.model_right - row.rival_right}</td>
                  <td data-label="n">{row.known}</td>
                </tr>
              ))}
            </tbody>
          </table>
        );
      })}
      </div>
      <p class="note">{words.scoreNote}</p>
    </>
  );
}

/** Each contender's approved entries and exits by what followed, by span. */
function Results({ scores }: { scores: Scores }) {
  const words = t();
  const spans = [...new Set(scores.results.map((row) => row.minutes))].sort((a, b) => a - b);
  if (spans.length === 0) return null;
  return (
    <section>
      <h2>{words.ownRecord}</h2>
      <SpanTable name={words.ownRecord} heads={[words.model]} spans={spans}>
        {contenderIds().map((model) => (
          <tr key={model} data-results={model}>
            <th scope="row">
              <ModelName model={model} />
            </th>
            {spans.map((minutes) => {
              const row = scores.results.find((each) => each.model === model && each.minutes === minutes);
              const mean = row?.average_result_percent;
              return (
                <td key={minutes} data-label={minutesText(minutes)} data-minutes={minutes}>
                  {row ? (
                    <>
                      <span class={tone(mean)}>
                        {arrow(mean)} {percent(mean)}
                      </span>{" "}
                      <span class="muted">
                        {words.shareRight} {countText(row.results_right, row.results)}
                      </span>
                    </>
                  ) : (
                    NONE
                  )}
                </td>
              );
            })}
          </tr>
        ))}
      </SpanTable>
      <p class="note">{words.netNote}</p>
    </section>
  );
}

function Bucket({ bucket }: { bucket: CalibrationBucket | undefined }) {
  if (!bucket) return <>{NONE}</>;
  return (
    <>
      {share((100 * bucket.trades_won) / bucket.trades, 0)} <span class="muted">n {bucket.trades}</span>
    </>
  );
}

/** Closed trades by stated confidence: what was stated beside what came. */
function Calibration({ scores }: { scores: Scores }) {
  const words = t();
  const steps = [...new Set(scores.calibrations.flatMap((row) => row.buckets.map((each) => each.from_percent)))];
  const models = contenderIds();
  return (
    <section>
      <h2>{words.calibration}</h2>
      {steps.length === 0 ? (
        <p class="note">{words.noCalibration}</p>
      ) : (
        <table class="figures calibration">
          <caption class="hidden">{words.calibration}</caption>
          <thead>
            <tr>
              <th scope="col">{words.stated}</th>
              {models.map((model) => (
                <th key={model} scope="col">
                  {lookOf(model).name} {words.came}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {steps
              .sort((a, b) => a - b)
              .map((from) => (
                <tr key={from} data-bucket={from}>
                  <th scope="row">
                    {number(from, 0)}–{number(from + 10, 0)}%
                  </th>
                  {models.map((model) => (
                    <td key={model} data-label={lookOf(model).name} data-model={model}>
                      <Bucket
                        bucket={scores.calibrations
                          .find((row) => row.model === model)
                          ?.buckets.find((each) => each.from_percent === from)}
                      />
                    </td>
                  ))}
                </tr>
              ))}
          </tbody>
        </table>
      )}
      <p class="note">{words.calibrationNote}</p>
    </section>
  );
}

/** The contenders against each other over everything recorded; n stands beside each share. */
export function Score() {
  const words = t();
  const loaded = useLoad("duels", () => get("/duels"), POLL_MS);
  const scores = loaded.value;
  return (
    <>
      <section>
        <h2>{words.score}</h2>
        <StaleNote loaded={loaded} />
        {!scores && <LoadNote loaded={loaded} />}
        {scores && scores.duels.length === 0 && <p class="note">{words.noScore}</p>}
        {scores && scores.duels.length > 0 && <Pairs scores={scores} />}
      </section>
      {scores && <Results scores={scores} />}
      {scores && <Calibration scores={scores} />}
    </>
  );
}
