/** When a schedule comes: one of the usual ways or cron as it is written, and the time zone in which that is read. */

import { useTexts } from "../../i18n/texts";
import { Pick, WordField } from "../../kit/Fields";
import { DAY_MAX, type Rhythm, WAYS } from "./rhythm";
import { scheduleTexts } from "./scheduleTexts";

const CRON_CHARACTERS_MAX = 100;
const ZONE_CHARACTERS_MAX = 64;
// Monday first, as both languages' calendars here have it.
const WEEKDAYS = [1, 2, 3, 4, 5, 6, 0].map(String);
const DAYS = Array.from({ length: DAY_MAX }, (_, index) => String(index + 1));
const ZONES = [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])];

interface WhenFieldsProps {
  rhythm: Rhythm;
  onRhythm: (rhythm: Rhythm) => void;
  zone: string;
  onZone: (zone: string) => void;
}

export function WhenFields({ rhythm, onRhythm, zone, onZone }: WhenFieldsProps) {
  const texts = useTexts(scheduleTexts).form;
  const set = (change: Partial<Rhythm>) => onRhythm({ ...rhythm, ...change });
  return (
    <>
      <div className="form-row">
        <Pick
          label={texts.way}
          value={rhythm.way}
          options={WAYS.map((id) => ({ id, text: texts.ways[id] }))}
          onChange={(way) => set({ way })}
        />
        {rhythm.way === "week" ? (
          <Pick
            label={texts.weekday}
            value={String(rhythm.weekday)}
            options={WEEKDAYS.map((id) => ({ id, text: texts.weekdays[Number(id)] ?? id }))}
            onChange={(weekday) => set({ weekday: Number(weekday) })}
          />
        ) : null}
        {rhythm.way === "month" ? (
          <Pick
            label={texts.day}
            value={String(rhythm.day)}
            options={DAYS.map((id) => ({ id, text: id }))}
            onChange={(day) => set({ day: Number(day) })}
          />
        ) : null}
        {rhythm.way === "cron" ? null : (
          <WordField
            label={texts.clock}
            type="time"
            value={rhythm.time}
            onChange={(time) => set({ time })}
            isRequired
          />
        )}
      </div>
      {rhythm.way === "cron" ? (
        <WordField
          label={texts.cron}
          hint={texts.cronHint}
          value={rhythm.cron}
          onChange={(cron) => set({ cron })}
          maxLength={CRON_CHARACTERS_MAX}
          isMono
          isRequired
        />
      ) : null}
      <WordField
        label={texts.zone}
        hint={texts.zoneHint}
        value={zone}
        onChange={onZone}
        maxLength={ZONE_CHARACTERS_MAX}
        suggestions={ZONES}
        isRequired
      />
    </>
  );
}
