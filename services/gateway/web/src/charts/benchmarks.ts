/** The benchmarks: what holding would have made of the starting balance. */

import type { Benchmark } from "../api/types.gen";
import type { Words } from "../words/words";

export type BenchmarkId = Benchmark["name"];

export const BENCHMARKS: readonly BenchmarkId[] = ["btc_hold", "equal_weight"];

export function benchmarkName(words: Words, name: BenchmarkId): string {
  return name === "btc_hold" ? words.btcHold : words.equalWeight;
}
