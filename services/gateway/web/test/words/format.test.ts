import { afterEach, describe, expect, it } from "vitest";

import { age, arrow, compact, moment, NONE, number, percent, price, share, signed, size, span, tone } from "../../src/words/format";
import { language } from "../../src/words/language";

afterEach(() => {
  language.value = "en";
});

describe("format", () => {
  it("shows thousands, the minus sign U+2212, and a dash for null", () => {
    expect(number("12345.678", 2)).toBe("12,345.68");
    expect(number("-5", 1)).toBe("−5.0");
    for (const nothing of [null, undefined, "", "abc"]) expect(number(nothing, 2)).toBe(NONE);
  });

  it("signs changes", () => {
    expect(signed("3.456", 2)).toBe("+3.46");
    expect(signed("0", 2)).toBe("0.00");
    expect(percent("-1.5")).toBe("−1.50%");
    expect(percent(null)).toBe(NONE);
    expect(signed("-0.001", 2)).toBe("0.00");
    expect(number("-0.001", 2)).toBe("0.00");
    expect(share("54.321")).toBe("54.3%");
  });

  it("formats for the chosen language", () => {
    expect(compact(123_456)).toBe("123.5K");
    expect(span(5 * 3_600_000 + 3 * 60_000)).toBe("5h 03m");
    language.value = "zh";
    expect(compact(123_456)).toBe("12.3万");
    expect(span(5 * 3_600_000 + 3 * 60_000)).toBe("5小时03分");
    expect(number("12345.6", 1)).toBe("12,345.6");
  });

  it("shows sizes without trailing zeros, and young ages in tenths of a second", () => {
    expect(size("0.50000")).toBe("0.5");
    expect(size(null)).toBe(NONE);
    expect([age(240), age(12_000), age(null)]).toEqual(["0.2s", "12s", NONE]);
  });

  it("quotes prices with the exchange's five figures", () => {
    expect(price("117524.5")).toBe("117,524.5");
    expect(price("3721.4")).toBe("3,721.4");
    expect(price("185.04")).toBe("185.04");
    expect(price("0.21034")).toBe("0.21034");
    expect(price("2.5481")).toBe("2.5481");
  });

  it("shows spans in two units", () => {
    expect(span(42_000)).toBe("42s");
    expect(span(17 * 60_000 + 5_000)).toBe("17m 05s");
    expect(span(5 * 3_600_000 + 3 * 60_000)).toBe("5h 03m");
    expect(span(76 * 3_600_000)).toBe("3d 04h");
  });

  it("names the year of another year than this one", () => {
    const ofYear = (year: number): number => new Date(year, 4, 30, 14, 3).getTime();
    expect(moment(ofYear(new Date().getFullYear()))).toBe("05-30 14:03");
    expect(moment(ofYear(2020))).toBe("2020-05-30 14:03");
  });

  it("names the tone of a figure", () => {
    expect([tone("1"), tone("-1"), tone("0"), tone(null)]).toEqual(["gain", "loss", "", ""]);
    expect([tone("0.004"), arrow("-0.004"), arrow("-0.005"), arrow("0.01")]).toEqual(["", "", "▼", "▲"]);
  });
});
