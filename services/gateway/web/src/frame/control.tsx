import { signal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";

import { type Command, type Held, sendCommand } from "../api/rest";
import type { Position } from "../api/types.gen";
import { contenderIds, lookOf } from "../state/roster";
import { accounts, positions, status } from "../state/store";
import { NONE, usd } from "../words/format";
import { fill, t, type Words } from "../words/words";

const COMMANDS: Command[] = ["halt", "resume", "flatten", "close"];
const TOKEN = "control-token";

/** What the form is opened with: nothing chosen (null), or a position to close; undefined while it is closed. */
const opened = signal<Held | null | undefined>(undefined);

/** Opens the form on one position. */
export function askToClose(held: Held): void {
  opened.value = held;
}

/** What closing one position does; nothing where it has closed by itself. */
function closing(position: Position | null, words: Words): string {
  if (!position) return words.nothingToClose;
  const { symbol, side, notional } = position;
  const values = { symbol, side: words.actions[side], usd: usd(notional), mode: status.value?.mode ?? "?" };
  return fill(words.consequences.close, { ...values, model: lookOf(position.model).name });
}

/** What the command does to the positions that are open now. */
function consequences(command: Exclude<Command, "close">, andHalt: boolean, model: string | null, words: Words): string {
  const models = contenderIds().filter((each) => model === null || each === model);
  const open = models.flatMap((each) => positions.value[each] ?? []);
  const notional = models.reduce((sum, each) => sum + Number(accounts.value[each]?.total_notional ?? 0), 0);
  const sentence = words.consequences[andHalt ? "flattenAndHalt" : command];
  return fill(sentence, { n: open.length, usd: usd(notional), mode: status.value?.mode ?? "?" });
}

type Sending = { state: "idle" | "sending" | "done" } | { state: "failed"; reason: string };

const keyOf = ({ model, symbol, side, cycle_id }: Held): string => `${model} ${symbol} ${side} ${cycle_id}`;

const titleOf = ({ model, symbol }: Held): string => `${lookOf(model).name} ${symbol}`;

function targetName(model: string | null, words: Words): string {
  return model === null ? words.allModels : lookOf(model).name;
}

/** One choice among few, as radio buttons. */
function Choices<T extends string | null>(props: {
  name: string;
  legend: string;
  value: T;
  choices: { value: T; text: string }[];
  onPick: (value: T) => void;
}) {
  return (
    <fieldset>
      <legend>{props.legend}</legend>
      {props.choices.map(({ value, text }) => (
        <label key={value ?? ""}>
          <input
            type="radio"
            name={props.name}
            value={value ?? ""}
            checked={value === props.value}
            onChange={() => props.onPick(value)}
          />
          {text}
        </label>
      ))}
    </fieldset>
  );
}

function TokenField({ value, onInput }: { value: string; onInput: (value: string) => void }) {
  return (
    <label class="token">
      {t().token}
      <input
        type="password"
        autocomplete="off"
        required
        value={value}
        onInput={(event) => onInput((event.target as HTMLInputElement).value)}
      />
    </label>
  );
}

function Checkbox(props: { text: string; isChecked: boolean; onChange: (isChecked: boolean) => void }) {
  return (
    <label class="sure">
      <input
        type="checkbox"
        checked={props.isChecked}
        onChange={(event) => props.onChange((event.target as HTMLInputElement).checked)}
      />
      {props.text}
    </label>
  );
}

function Outcome({ sending, command, target }: { sending: Sending; command: string; target: string }) {
  const words = t();
  return (
    <p class="outcome" role="status">
      {sending.state === "failed" && <span class="loss">{fill(words.refused, { reason: sending.reason })}</span>}
      {sending.state === "done" && fill(words.accepted, { command, model: target })}
      {sending.state === "sending" && words.sending}
    </p>
  );
}

function Form({ first, onClose }: { first: Held | null; onClose: () => void }) {
  const words = t();
  const [command, setCommand] = useState<Command>(first ? "close" : "halt");
  const [model, setModel] = useState<string | null>(null);
  const [picked, setPicked] = useState<Held | null>(first);
  const [token, setToken] = useState(sessionStorage.getItem(TOKEN) ?? "");
  const [wantsHalt, setWantsHalt] = useState(true);
  const [isSure, setIsSure] = useState(false);
  const [sending, setSending] = useState<Sending>({ state: "idle" });
  const change = (apply: () => void): void => {
    apply();
    setIsSure(false);
    setSending({ state: "idle" });
  };
  const send = (event: Event): void => {
    event.preventDefault();
    setSending({ state: "sending" });
    sendCommand(command, command === "close" ? { position: held } : { model, halt: andHalt }, token).then(
      () => {
        sessionStorage.setItem(TOKEN, token);
        setIsSure(false);
        setSending({ state: "done" });
      },
      (error: Error) => {
        setIsSure(false);
        setSending({ state: "failed", reason: error.message });
      },
    );
  };
  const open = contenderIds().flatMap((each) => positions.value[each] ?? []);
  const held = open.find((each) => keyOf(each) === (picked ? keyOf(picked) : "")) ?? (picked ? null : (open[0] ?? null));
  const heldKey = held && keyOf(held);
  useEffect(() => setIsSure(false), [heldKey]);
  const target = command === "close" ? (held ? titleOf(held) : NONE) : targetName(model, words);
  const andHalt = command === "flatten" && wantsHalt;
  const isReady = command !== "close" || held !== null;
  const name = andHalt ? words.flattenAndHalt : words.commands[command];
  return (
    <form onSubmit={send}>
      <h2 id="control-title">
        {words.control} <span class={`badge ${status.value?.mode.toLowerCase() ?? ""}`}>{status.value?.mode}</span>
      </h2>
      <Choices
        name="command"
        legend={words.command}
        value={command}
        choices={COMMANDS.map((each) => ({ value: each, text: words.commands[each] }))}
        onPick={(each) => change(() => setCommand(each))}
      />
      {command === "flatten" && (
        <Checkbox text={words.andHalt} isChecked={wantsHalt} onChange={(value) => change(() => setWantsHalt(value))} />
      )}
      {command === "close" ? (
        <Choices
          name="position"
          legend={words.position}
          value={held ? keyOf(held) : ""}
          choices={open.map((each) => ({ value: keyOf(each), text: titleOf(each) }))}
          onPick={(key) => change(() => setPicked(open.find((each) => keyOf(each) === key) ?? null))}
        />
      ) : (
        <Choices
          name="model"
          legend={words.forModel}
          value={model}
          choices={[null, ...contenderIds()].map((each) => ({ value: each, text: targetName(each, words) }))}
          onPick={(each) => change(() => setModel(each))}
        />
      )}
      <TokenField value={token} onInput={setToken} />
      <p class="consequences" data-testid="consequences">
        {command === "close" ? closing(held, words) : consequences(command, andHalt, model, words)}
      </p>
      <Checkbox text={words.sure} isChecked={isSure} onChange={setIsSure} />
      <Outcome sending={sending} command={name} target={target} />
      <div class="buttons">
        <button type="button" onClick={onClose}>
          {words.close}
        </button>
        <button type="submit" class="act" disabled={!isSure || token === "" || !isReady || sending.state === "sending"}>
          {name} · {target}
        </button>
      </div>
    </form>
  );
}

/** Halt, resume, flatten, close: for operators with the token. Shown only where the server has one. */
export function ControlButton() {
  const words = t();
  const dialog = useRef<HTMLDialogElement>(null);
  const first = opened.value;
  const isOpen = first !== undefined;
  useEffect(() => {
    if (isOpen) dialog.current?.showModal();
  }, [isOpen]);
  return (
    <>
      <button type="button" class="control-button" data-testid="control" onClick={() => (opened.value = null)}>
        {words.control}
      </button>
      {isOpen && (
        <dialog ref={dialog} class="control" aria-labelledby="control-title" onClose={() => (opened.value = undefined)}>
          <Form first={first} onClose={() => dialog.current?.close()} />
        </dialog>
      )}
    </>
  );
}
