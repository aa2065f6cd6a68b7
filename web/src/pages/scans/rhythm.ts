/** When a schedule comes, as people say it; what has no such form stays as it is written in cron. */

export const WAYS = ["day", "workdays", "week", "month", "cron"] as const;
type Way = (typeof WAYS)[number];

export interface Rhythm {
  way: Way;
  /** As `03:30`. */
  time: string;
  /** As in cron: 0 is Sunday. */
  weekday: number;
  day: number;
  cron: string;
}

/** Later ones are not in every month. */
export const DAY_MAX = 28;
const WRITTEN = /^(\d{1,2}) (\d{1,2}) (\*|\d{1,2}) \* (\*|[0-7]|1-5)$/;

export function rhythmOf(cron: string): Rhythm {
  const written: Rhythm = { way: "cron", time: "03:30", weekday: 1, day: 1, cron };
  const [, minute = "", hour = "", day = "", weekday = ""] = WRITTEN.exec(cron) ?? [];
  if (minute === "" || Number(minute) > 59 || Number(hour) > 23) return written;
  const told = { ...written, time: `${hour.padStart(2, "0")}:${minute.padStart(2, "0")}` };
  if (day === "*") {
    if (weekday === "*") return { ...told, way: "day" };
    return weekday === "1-5" ? { ...told, way: "workdays" } : { ...told, way: "week", weekday: Number(weekday) % 7 };
  }
  const isOfMonth = weekday === "*" && Number(day) >= 1 && Number(day) <= DAY_MAX;
  return isOfMonth ? { ...told, way: "month", day: Number(day) } : written;
}

/** Empty while a part of it is missing. */
export function cronOf({ way, time, weekday, day, cron }: Rhythm): string {
  if (way === "cron") return cron.trim();
  const [hour = "", minute = ""] = time.split(":");
  if (hour === "" || minute === "") return "";
  const clock = `${Number(minute)} ${Number(hour)}`;
  return {
    day: `${clock} * * *`,
    workdays: `${clock} * * 1-5`,
    week: `${clock} * * ${weekday}`,
    month: `${clock} ${day} * *`,
  }[way];
}
