/** The words of the replay, which are loaded with it. */

import { language } from "../words/language";

const EN = {
  asOf: "REPLAY — as of {time}",
  play: "▶ PLAY",
  pause: "❚❚ PAUSE",
  speed: "Speed",
  time: "Moment shown",
  failed: "This moment could not be read; figures are of the one before.",
  live: "BACK TO LIVE",
  standing: "STANDING",
  notStored: "This page counts what has happened up to now, so it isn't part of the replay. LIVE and LEADERBOARD are.",
};

const ZH: typeof EN = {
  asOf: "回放 — 截至 {time}",
  play: "▶ 播放",
  pause: "❚❚ 暂停",
  speed: "速度",
  time: "所示时刻",
  failed: "无法读取该时刻，所示为此前的数字。",
  live: "回到实时",
  standing: "排名",
  notStored: "本页统计截至现在的全部记录，不参与回放。可回放的是实时与排行榜两页。",
};

export function replayWords(): typeof EN {
  return language.value === "zh" ? ZH : EN;
}
