import type { Operations } from "../api/types.gen";
import { NewsChoices } from "../news/choices";
import { operations, operationsFail, serverNow, status } from "../state/store";
import { LoadNote } from "../ui/note";
import { Table } from "../ui/table";
import { clock, moment, NONE, number, span } from "../words/format";
import { nameOf } from "../words/boards/codes";
import { t } from "../words/words";
import { Logs } from "./logs";

const SEVERITY_TONES = { critical: "loss strong", warning: "warning", info: "muted" };

const STATE_TONES = { READY: "gain", STARTING: "muted", NOT_READY: "loss strong", SILENT: "loss strong" };
const STATE_MARKS = { READY: "✓", STARTING: "…", NOT_READY: "✗", SILENT: "✗" };

function Services({ rows }: { rows: Operations["services"] }) {
  const words = t();
  return (
    <Table
      name={words.services}
      empty={words.noServices}
      columns={[words.service, words.state, words.uptime, words.lastSeen, words.reason]}
      rows={rows.map((row) => ({
        key: row.name,
        cells: [
          <b key="name">{row.name}</b>,
          <span key="state" class={STATE_TONES[row.state]}>
            {STATE_MARKS[row.state]} {words.serviceStates[row.state]}
          </span>,
          row.started_ms === null ? NONE : span(serverNow.value - row.started_ms),
          row.time_ms === null ? NONE : span(serverNow.value - row.time_ms),
          row.reason || NONE,
        ],
      }))}
    />
  );
}

function Alerts({ rows }: { rows: Operations["alerts"] }) {
  const words = t();
  return (
    <Table
      name={words.alerts}
      empty={words.noAlerts}
      columns={[words.time, words.severity, words.service, words.code, words.message]}
      rows={rows.map((row) => ({
        key: row.id,
        cells: [
          moment(row.time_ms),
          <span key="severity" class={SEVERITY_TONES[row.severity]}>
            {nameOf(row.severity)}
          </span>,
          row.model ? `${row.service} · ${row.model}` : row.service,
          nameOf(row.code),
          row.message,
        ],
      }))}
    />
  );
}

/** Each stream, and below it its consumer groups. */
function Streams({ rows }: { rows: Operations["streams"] }) {
  const words = t();
  return (
    <Table
      name={words.streams}
      empty={words.noStreams}
      columns={[words.stream, words.length, words.lag, words.pending]}
      rows={rows.flatMap((row) => [
        { key: row.stream, cells: [<b key="name">{row.stream}</b>, number(row.length, 0), "", ""] },
        ...row.groups.map((group) => ({
          key: `${row.stream} ${group.name}`,
          cells: [`└ ${group.name}`, "", number(group.lag, 0), number(group.pending, 0)],
        })),
      ])}
    />
  );
}

function Latencies({ rows }: { rows: Operations["latencies"] }) {
  const words = t();
  return (
    <Table
      name={words.latencies}
      empty={words.noLatencies}
      columns={[words.what, "p50 ms", "p99 ms", words.count]}
      rows={rows.map((row) => ({
        key: row.name,
        cells: [nameOf(row.name), number(row.p50_ms, 1), number(row.p99_ms, 1), number(row.count, 0)],
      }))}
    />
  );
}

function Failures({ errors, deadLetters }: { errors: Operations["errors"]; deadLetters: Operations["dead_letters"] }) {
  const words = t();
  return (
    <div class="pair">
      <Table
        name={words.errors}
        empty={words.noErrors}
        columns={[words.service, words.count, words.perHour]}
        rows={errors.map((row) => ({
          key: row.service,
          cells: [row.service, number(row.count, 0), number(row.per_hour, 2)],
        }))}
      />
      <Table
        name={words.deadLetters}
        empty={words.noDeadLetters}
        columns={[words.stream, words.count]}
        rows={deadLetters.map((row) => ({ key: row.stream, cells: [row.stream, number(row.count, 0)] }))}
      />
    </div>
  );
}

function Tables({ value }: { value: Operations }) {
  return (
    <>
      <Services rows={value.services} />
      <Alerts rows={value.alerts} />
      <Streams rows={value.streams} />
      <Latencies rows={value.latencies} />
      <Failures errors={value.errors} deadLetters={value.dead_letters} />
      <p class="note">
        {t().asOf} {clock(value.time_ms)}
      </p>
    </>
  );
}

/** Services, alerts, streams, latencies, errors, dead letters. */
export function OperationsPage() {
  const words = t();
  const value = operations.value;
  const loaded = { value, failed: operationsFail.value, missing: false };
  return (
    <section class="page">
      <h1>{words.operations}</h1>
      {operationsFail.value && value && (
        <p class="note warning" role="alert">
          {words.staleData}
        </p>
      )}
      <NewsChoices />
      {value ? <Tables value={value} /> : <LoadNote loaded={loaded} />}
      {status.value?.has_control && <Logs />}
    </section>
  );
}
