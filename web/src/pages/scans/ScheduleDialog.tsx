/** A new schedule, or a change of one: what is scanned, how, and when. */

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, server } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Pick, WordField } from "../../kit/Fields";
import { FormDialog } from "../../kit/FormDialog";
import { useToast } from "../../kit/Toasts";
import { MINUTES, reasonAgainst, usePreviews } from "./checking";
import { newTexts } from "./newTexts";
import { cronOf, rhythmOf } from "./rhythm";
import { scheduleTexts } from "./scheduleTexts";
import { PROFILES, type Schedule } from "./search";
import { TargetsField } from "./TargetsField";
import { targetsIn } from "./targets";
import { WhenFields } from "./WhenFields";
import { scanWords } from "./words";

const NAME_CHARACTERS_MAX = 100;

export type Draft = Omit<Schedule, "enabled" | "next_at" | `last_${string}` | "error" | `created_${string}` | "id"> & {
  /** Of the schedule that is changed; null for a new one. */
  id: string | null;
};

export function ScheduleDialog({ draft, onClose }: { draft: Draft; onClose: () => void }) {
  const { formats } = useSpeech();
  const texts = useTexts(scheduleTexts);
  const words = useTexts(scanWords);
  const scan = useTexts(newTexts);
  const [name, setName] = useState(draft.name);
  const [typed, setTyped] = useState(draft.targets.join("\n"));
  const [profile, setProfile] = useState(draft.profile);
  const [minutes, setMinutes] = useState(String(draft.max_duration));
  const [rhythm, setRhythm] = useState(() => rhythmOf(draft.cron));
  const [timezone, setZone] = useState(draft.timezone);
  const targets = targetsIn(typed);
  const { previews, isChecking, fault } = usePreviews(targets, profile);
  const preview = previews[profile];
  const wish = {
    name: name.trim(),
    targets,
    profile,
    max_duration: Number(minutes),
    cron: cronOf(rhythm),
    timezone: timezone.trim(),
  };
  const save = useSave(draft.id, onClose);
  const isUntimed = wish.cron === "" || wish.timezone === "";
  const reason =
    wish.name === "" ? "name" : (reasonAgainst(targets, preview, isChecking) ?? (isUntimed ? "when" : null));
  const times = [...new Set([...MINUTES, String(draft.max_duration)])].sort(
    (one, other) => Number(one) - Number(other),
  );
  return (
    <FormDialog
      title={draft.id === null ? texts.create : texts.form.edit(draft.name)}
      submit={texts.form.save}
      isIncomplete={reason !== null}
      onSubmit={() => save(wish)}
      onClose={onClose}
    >
      <WordField
        label={texts.form.name}
        hint={texts.form.nameHint}
        value={name}
        onChange={setName}
        maxLength={NAME_CHARACTERS_MAX}
        isRequired
        autoFocus
      />
      <TargetsField
        typed={typed}
        onChange={setTyped}
        preview={preview}
        isChecking={isChecking}
        fault={fault}
        rows={3}
      />
      <div className="form-row">
        <Pick
          label={scan.profile}
          value={profile}
          options={PROFILES.map((id) => ({ id, text: words.profiles[id] }))}
          onChange={setProfile}
          hint={scan.profiles[profile]}
        />
        <Pick
          label={scan.time}
          value={minutes}
          options={times.map((id) => ({ id, text: formats.duration(Number(id) * 60) }))}
          onChange={setMinutes}
        />
      </div>
      <WhenFields rhythm={rhythm} onRhythm={setRhythm} zone={timezone} onZone={setZone} />
      <p className="field-hint" role="status">
        {reason === null ? "" : texts.form.reasons[reason]}
      </p>
    </FormDialog>
  );
}

type Wish = Omit<Draft, "id">;

function useSave(id: string | null, onSaved: () => void) {
  const texts = useTexts(scheduleTexts);
  const client = useQueryClient();
  const tell = useToast();
  return async (body: Wish) => {
    await answerOf(
      id === null
        ? server.POST("/v3/scans/schedules", { body })
        : server.PATCH("/v3/scans/schedules/{schedule_id}", { params: { path: { schedule_id: id } }, body }),
    );
    tell(texts.saved(body.name));
    void client.invalidateQueries({ queryKey: ["scans", "schedules"] });
    onSaved();
  };
}
