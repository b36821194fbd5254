import { describe, expect, it } from "vitest";

import { NONE, number, percent, price, signed, span, tone } from "../src/format";

describe("format", () => {
  it("shows thousands, the minus sign U+2212, and a dash for nothing", () => {
    expect(number("12345.678", 2)).toBe("12,345.68");
    expect(number("-5", 1)).toBe("−5.0");
    for (const nothing of [null, undefined, "", "abc"]) expect(number(nothing, 2)).toBe(NONE);
  });

  it("signs changes", () => {
    expect(signed("3.456", 2)).toBe("+3.46");
    expect(signed("0", 2)).toBe("0.00");
    expect(percent("-1.5")).toBe("−1.50%");
    expect(percent(null)).toBe(NONE);
  });

  it("quotes prices with the exchange's five figures", () => {
    expect(price("117524.5")).toBe("117,524.5");
    expect(price("3721.4")).toBe("3,721.4");
    expect(price("185.04")).toBe("185.04");
    expect(price("0.21034")).toBe("0.21034");
    expect(price("2.5481")).toBe("2.5481");
  });

  it("tells spans coarsely", () => {
    expect(span(42_000)).toBe("42s");
    expect(span(17 * 60_000 + 5_000)).toBe("17m 05s");
    expect(span(5 * 3_600_000 + 3 * 60_000)).toBe("5h 03m");
    expect(span(76 * 3_600_000)).toBe("3d 04h");
  });

  it("names the tone of a figure", () => {
    expect([tone("1"), tone("-1"), tone("0"), tone(null)]).toEqual(["gain", "loss", "", ""]);
  });
});
