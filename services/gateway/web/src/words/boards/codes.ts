/** Codes of events in the page's language. English shows them as the events have them; so does Chinese those that have
 * no word here. */

import { language } from "../language";

const ZH: Record<string, string> = {
  // Sides, roles, statuses, and what ended a trade.
  LONG: "做多",
  SHORT: "做空",
  BUY: "买入",
  SELL: "卖出",
  entry: "开仓",
  exit: "平仓",
  stop: "止损",
  target: "止盈",
  unknown: "外部",
  accepted: "已接受",
  filled: "已成交",
  canceled: "已撤销",
  rejected: "被拒",
  decision: "模型决定",
  stop_loss: "止损",
  take_profit: "止盈",
  invalidation: "失效条件",
  flatten: "人工平仓",
  liquidation: "强平",
  liquidated: "强平",
  external: "外部订单",
  open: "持有中",
  closed: "已平",
  // Severities and states.
  info: "提示",
  warning: "警告",
  critical: "严重",
  error: "错误",
  debug: "调试",
  ACTIVE: "正常",
  REDUCING: "只许平仓",
  HALTED: "已暂停",
  // Alerts.
  RESUMED: "已恢复",
  HALT_STAYS: "暂停仍有效",
  FLATTENED: "已全部平仓",
  UNPROTECTED_CLOSING: "无止损，正在平仓",
  UNPROTECTED_CLOSED: "无止损，已平仓",
  EXTERNAL_POSITION: "外部持仓",
  UNEXPECTED_ERROR: "意外错误",
  API_WALLET_ENDS: "API 钱包即将到期",
  ACCOUNT_REFUSED: "账户检查未通过",
  ACCOUNT_ACCEPTED: "账户检查通过",
  LEVERAGE_LOWERED: "杠杆已调低",
  EQUITY_UNEXPLAINED: "权益无法解释",
  UNKNOWN_MOVEMENT: "未知资金变动",
  ACTIONS_SHORT: "请求额度不足",
  BOOKS_BEHIND: "账目滞后",
  CLOSE_IGNORED: "平仓未执行",
  OUTSIDE_ENVELOPE: "订单超出许可范围",
  CLOCK_SKEW: "时钟偏差",
  TRADING_STATE: "交易状态变化",
  MODEL_CHECK: "模型检查",
  INVALIDATION_IGNORED: "无视失效条件",
  PNL_RESIDUAL: "对账残差",
  SEQUENCE_GAP: "序号缺口",
  GROUP_BROKEN: "消费组损坏",
  DEAD_LETTER: "死信",
  UNREADABLE_ROW: "无法读取的行",
  NOTIFY_FAILED: "通知失败",
  DISK_LOW: "磁盘空间偏低",
  DISK_FULL: "磁盘已满",
  DISK_FREE: "磁盘空间恢复",
  // Latencies.
  decision_to_verdict: "决策到裁定",
  verdict_to_sent: "裁定到发出",
  sent_to_filled: "发出到成交",
  tick_to_push: "行情到推送",
};

/** A code's name; nothing for nothing. */
export function nameOf(code: string | null | undefined): string {
  if (!code) return "";
  return language.value === "zh" ? (ZH[code] ?? code) : code;
}
