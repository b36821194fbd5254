/** 排行榜对比与运维页面的中文词句；键与英文相同。 */

import type { boardsEn } from "./en";

export const boardsZh: typeof boardsEn = {
  benchmark: "基准",
  beatsBtc: "跑赢持有 BTC？",
  beatsVerdicts: {
    yes: "是：{hours} 小时内较 BTC 相差 {excess} 个百分点，95 % 区间 {low} 至 {high}。",
    no: "否：{hours} 小时内较 BTC 相差 {excess} 个百分点，95 % 区间 {low} 至 {high}。",
    open: "尚无定论：{hours} 小时内较 BTC 相差 {excess} 个百分点；95 % 区间 {low} 至 {high} 包含 0，可能只是运气。",
    early: "为时尚早：需要 {least} 个整点小时，目前有 {hours} 个。",
  },
  leadHistory: "领先记录",
  led: "{all} 个小时中有 {hours} 个小时末领先",
  leadFrom: "开始",
  leadUntil: "结束",
  leadFor: "时长",
  leader: "领先者",
  untilNow: "至今",
  noLeads: "还没有人领先。每小时末按收益率评定一次。",
  byCoin: "各币种盈亏 $",
  noCoins: "还没有交易结束。首笔结束后在此按币种显示。",
  limits: "限额",
  gauges: {
    daily_loss_percent: "今日亏损 %",
    drawdown_percent: "低于最高水位 %",
    entries_today: "今日开仓次数",
    open_positions: "持仓数",
    gross_exposure_ratio: "名义价值 / 权益",
    day_cost_usd: "今日决策费用 $",
  },
  ofLimit: "{used} / {limit}",
  entriesLeft: "剩余 {n}",
  riseGreen: "改为绿涨红跌",
  riseRed: "改为红涨绿跌",
  counted: "n={n}",
};
