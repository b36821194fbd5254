import { describe, expect, it } from "vitest";

import { RunningTime } from "../../src/state/clock";
import { T0 } from "../rows";

const started = (): RunningTime => {
  const time = new RunningTime();
  time.observe(T0, 300, 0);
  return time;
};

describe("RunningTime", () => {
  it("is unknown before the first reading, then runs at its speed through a silence", () => {
    expect(new RunningTime().read(5)).toBeNull();
    expect(started().read(20_000)).toBe(T0 + 300 * 20_000);
  });

  it("is not set back by a reading that comes late, and follows one that lies ahead", () => {
    const time = started();
    time.observe(T0, 300, 5_000);
    expect(time.read(5_000)).toBe(T0 + 300 * 5_000);
    time.observe(T0 + 300 * 6_000, 300, 5_000);
    expect(time.read(5_000)).toBe(T0 + 300 * 6_000);
  });

  it("follows another market once all readings of three seconds lie behind", () => {
    const time = started();
    for (let second = 1; second <= 4; second += 1) {
      expect(time.read(second * 1000)).toBe(T0 + 300 * second * 1000);
      time.observe(300 * second * 1000 - second, 300, second * 1000);
    }
    expect(time.read(4_000)).toBe(300 * 4_000 - 1);
  });

  it("counts a new speed from when it is heard", () => {
    const time = started();
    time.observe(T0 + 300 * 1_000, 1, 1_000);
    expect(time.read(3_000)).toBe(T0 + 300 * 1_000 + 2_000);
  });
});
