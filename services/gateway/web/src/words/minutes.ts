import { language } from "./language";

/** A span of whole minutes or hours: 5 min, 4 h. */
export function minutesText(minutes: number): string {
  const isHours = minutes >= 60 && minutes % 60 === 0;
  const units = language.value === "zh" ? [" 分钟", " 小时"] : [" min", " h"];
  return isHours ? `${minutes / 60}${units[1]}` : `${minutes}${units[0]}`;
}
