import { expect, test } from "vitest";

import type { Status } from "../../src/api/types.gen";
import { roster } from "../../src/state/roster";
import { en } from "../../src/words/en";
import { moment } from "../../src/words/format";
import { describeHalt, haltLines } from "../../src/words/halts";
import { THREE_AND_SEVEN } from "../rows";

const HALT = { model: null, reason: "LOCAL", author: "kill switch", since_ms: 1_795_400_000_000, until_ms: null, detail: "" };

test("a halt says by whom, since when, until when and why", () => {
  const when = moment(HALT.since_ms);
  expect(describeHalt(HALT)).toBe(`halt on the executor's machine · kill switch · since ${when}`);
  expect(describeHalt({ ...HALT, author: null, detail: "3 stops", until_ms: HALT.since_ms })).toBe(
    `halt on the executor's machine · since ${when} until ${when} · 3 stops`,
  );
  expect(describeHalt({ ...HALT, reason: "NEW" })).toContain("NEW · kill switch");
});

test("each contender that is stopped has a line, also without a halt", () => {
  roster.value = THREE_AND_SEVEN;
  const model = (id: string, trading_state: Status["trading_state"], reasons: string[] = []) => ({
    ...{ model: id, name: id, provider_model: null, stand_in: null, account_mode: null },
    ...{ trading_state, reasons },
  });
  const status = {
    trading_state: "HALTED",
    halts: [{ ...HALT, model: "qwen", reason: "PERSON" }],
    models: [model("qwen", "HALTED"), model("deepseek", "ACTIVE"), model("llama", "REDUCING", ["STOPS"])],
  } as unknown as Status;
  expect(haltLines(status, en).map(({ target, text }) => [target, text.split(" · ")[0]])).toEqual([
    ["QWEN HALTED", "halt by a person"],
    ["LLAMA REDUCING: exits only", "STOPS"],
  ]);
});
