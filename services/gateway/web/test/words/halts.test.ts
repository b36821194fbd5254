import { expect, test } from "vitest";

import { moment } from "../../src/words/format";
import { describeHalt } from "../../src/words/halts";

const HALT = { model: null, reason: "LOCAL", author: "kill switch", since_ms: 1_795_400_000_000, until_ms: null, detail: "" };

test("a halt says by whom, since when and why", () => {
  const when = moment(HALT.since_ms);
  expect(describeHalt(HALT)).toBe(`LOCAL · kill switch · ${when}`);
  expect(describeHalt({ ...HALT, author: null, detail: "3 stops" })).toBe(`LOCAL · ${when} · 3 stops`);
});
