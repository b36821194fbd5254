/** The English words of the leaderboard's comparisons and of the operators' pages. */

export const boardsEn = {
  benchmark: "benchmark",
  beatsBtc: "BEATS HOLDING BTC?",
  beatsVerdicts: {
    yes: "YES: {excess} points against BTC over {hours} hours, 95 % band {low} to {high}.",
    no: "NO: {excess} points against BTC over {hours} hours, 95 % band {low} to {high}.",
    open: "NOT KNOWN: {excess} points against BTC over {hours} hours; the 95 % band {low} to {high} holds 0, so it may be luck.",
    early: "NOT YET: {hours} of the {least} whole hours that an answer takes.",
  },
  leadHistory: "THE LEAD",
  led: "ahead at the end of {hours} of {all} hours",
  leadFrom: "FROM",
  leadUntil: "UNTIL",
  leadFor: "FOR",
  leader: "AHEAD",
  untilNow: "now",
  noLeads: "No one has been ahead yet. The lead is taken at the end of each hour, by return.",
  byCoin: "P&L BY COIN $",
  noCoins: "No trade has ended yet. Results by coin appear with the first one.",
  limits: "LIMITS",
  gauges: {
    daily_loss_percent: "LOSS TODAY %",
    drawdown_percent: "BELOW THE HIGH-WATER MARK %",
    entries_today: "ENTRIES TODAY",
    open_positions: "OPEN POSITIONS",
    gross_exposure_ratio: "NOTIONAL / EQUITY",
    day_cost_usd: "COST OF DECISIONS TODAY $",
  },
  ofLimit: "{used} of {limit}",
  entriesLeft: "{n} left",
  counted: "n={n}",
};
