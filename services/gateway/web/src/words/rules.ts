/** The risk gate's rules in words, each with its figure, its limit and their unit. */

import type { RuleResult } from "../api/types.gen";
import { number } from "./format";
import { language, type Language } from "./language";

const NAMES: Record<Language, Record<string, string>> = {
  en: {
    STATE_HALTED: "halted",
    STATE_REDUCING: "exits only",
    STALE_MARK: "age of the mark price",
    STALE_BOOK: "age of the order book",
    STALE_ACCOUNT: "age of the account state",
    STALE_DECISION: "age of the answer or its snapshot",
    CLOCK_SKEW: "clock skew",
    SYMBOL_UNKNOWN: "coin not allowed",
    ACTION_INVALID: "invalid action",
    POSITION_HELD: "coin is held already",
    FLIP_WITHOUT_CLOSE: "coin is held on the other side",
    NO_POSITION: "no position to close",
    SIZE_PERCENT: "size",
    LEVERAGE: "leverage",
    LIQUIDATION_DISTANCE: "distance of liquidation in stop distances",
    OPEN_POSITIONS: "open positions",
    CONFIDENCE: "confidence",
    DAILY_TRADES: "entries of the day",
    DAILY_LOSS: "loss of the day",
    LOSS_BUDGET: "at stake at the stops",
    GROSS_EXPOSURE: "exposure in equities",
    DRAWDOWN: "drawdown",
    MIN_NOTIONAL: "worth of the order",
    MAX_NOTIONAL_USD: "worth of the order",
    INSUFFICIENT_MARGIN: "margin needed",
    PRICE_COLLAR: "limit price away from the mark",
    COOLDOWN: "since the last entry on the coin",
    RATE: "orders within a minute",
    DUPLICATE: "second order of the cycle",
    VOID: "approval was lost",
  },
  zh: {
    STATE_HALTED: "已暂停交易",
    STATE_REDUCING: "只许平仓",
    STALE_MARK: "标记价时延",
    STALE_BOOK: "订单簿时延",
    STALE_ACCOUNT: "账户状态时延",
    STALE_DECISION: "回答或其快照的时延",
    CLOCK_SKEW: "时钟偏差",
    SYMBOL_UNKNOWN: "不允许的币种",
    ACTION_INVALID: "无效动作",
    POSITION_HELD: "该币种已有持仓",
    FLIP_WITHOUT_CLOSE: "该币种持有反向仓位",
    NO_POSITION: "没有可平的仓位",
    SIZE_PERCENT: "仓位规模",
    LEVERAGE: "杠杆",
    LIQUIDATION_DISTANCE: "强平距离与止损距离之比",
    OPEN_POSITIONS: "持仓数",
    CONFIDENCE: "信心",
    DAILY_TRADES: "当日开仓次数",
    DAILY_LOSS: "当日亏损",
    LOSS_BUDGET: "止损全部触发时的亏损",
    GROSS_EXPOSURE: "总敞口与权益之比",
    DRAWDOWN: "回撤",
    MIN_NOTIONAL: "订单价值",
    MAX_NOTIONAL_USD: "订单价值",
    INSUFFICIENT_MARGIN: "所需保证金",
    PRICE_COLLAR: "限价偏离标记价",
    COOLDOWN: "距该币种上次开仓",
    RATE: "一分钟内订单数",
    DUPLICATE: "同周期重复订单",
    VOID: "批准已丢失",
  },
};
const LIMIT: Record<Language, string> = { en: "limit", zh: "限值" };

/** By the rule's code first; then by the setting that its limit comes from. */
const UNITS: [RegExp, string][] = [
  [/^(LOSS_BUDGET|INSUFFICIENT_MARGIN)/, " $"],
  [/^(LIQUIDATION_DISTANCE|LEVERAGE)/, "×"],
  [/^CONFIDENCE/, "%"],
  [/_PERCENT$/, "%"],
  [/_MS$/, " ms"],
  [/_S$/, " s"],
  [/_USD$/, " $"],
  [/_RATIO$/, "×"],
];

/** A rule of the gate in the page's language; one that has no words is its code. */
export function ruleName(code: string): string {
  return NAMES[language.value][code] ?? code;
}

/** A rule's figure with its unit: "12×"; what is no number stands as it is. */
export function ruleFigure(rule: RuleResult, value: string | null): string {
  if (value === null || value === "") return "";
  if (!/^-?\d+(\.\d+)?$/.test(value)) return value;
  const unit = UNITS.find(([pattern]) => pattern.test(rule.code) || pattern.test(rule.setting ?? ""))?.[1] ?? "";
  return `${number(value, value.split(".")[1]?.length ?? 0)}${unit}`;
}

/** "leverage 12× (limit 10×)". */
export function describeRule(rule: RuleResult): string {
  const [value, limit] = [ruleFigure(rule, rule.value), ruleFigure(rule, rule.limit)];
  const bound = limit === "" ? "" : ` (${LIMIT[language.value]} ${limit})`;
  return `${ruleName(rule.code)}${value === "" ? "" : ` ${value}`}${bound}`;
}
