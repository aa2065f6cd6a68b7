/** One schedule: what it scans, when it comes next, how its last turn went, and what can be done with it. */

import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, server } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Refused } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { ConfirmDialog } from "../../kit/ConfirmDialog";
import { Fact } from "../../kit/Fact";
import { StateTag } from "../../kit/Tags";
import { Moment, useNow } from "../../kit/Times";
import { useToast } from "../../kit/Toasts";
import { useChange } from "../../session/useChange";
import { rhythmOf } from "./rhythm";
import { scheduleTexts } from "./scheduleTexts";
import type { Schedule } from "./search";
import { scanWords } from "./words";

const TARGETS_SHOWN = 3;

interface ScheduleRowProps {
  schedule: Schedule;
  isAllowed: boolean;
  onEdit: () => void;
}

export function ScheduleRow({ schedule, isAllowed, onEdit }: ScheduleRowProps) {
  const { formats } = useSpeech();
  const texts = useTexts(scheduleTexts);
  const words = useTexts(scanWords);
  const rest = schedule.targets.length - TARGETS_SHOWN;
  return (
    <li className="row schedule">
      <div className="row-main">
        <span className="row-title">{schedule.name}</span>
        <Standing schedule={schedule} />
        <p>
          <span className="mono schedule-targets">{schedule.targets.slice(0, TARGETS_SHOWN).join(", ")}</span>
          {rest > 0 ? <span className="muted"> {words.more(rest)}</span> : null}
        </p>
        <p className="field-hint">
          {words.profiles[schedule.profile]}, {texts.ends(formats.duration(schedule.max_duration * 60))}
        </p>
      </div>
      <Times schedule={schedule} />
      {isAllowed ? <Acts schedule={schedule} onEdit={onEdit} /> : null}
    </li>
  );
}

function Standing({ schedule: { enabled, next_at } }: { schedule: Schedule }) {
  const texts = useTexts(scheduleTexts);
  if (!enabled) return <StateTag tone="plain">{texts.paused}</StateTag>;
  return next_at === null ? <StateTag tone="warn">{texts.over}</StateTag> : <StateTag tone="good">{texts.on}</StateTag>;
}

function Times({ schedule }: { schedule: Schedule }) {
  const texts = useTexts(scheduleTexts);
  const rhythm = rhythmOf(schedule.cron);
  return (
    <dl className="schedule-times">
      <div>
        <dt className="visually-hidden">{texts.form.way}</dt>
        <dd>
          <span className={rhythm.way === "cron" ? "mono" : ""}>{texts.when(rhythm)}</span>{" "}
          <span className="muted">({schedule.timezone})</span>
        </dd>
      </div>
      <Fact name={texts.next}>
        <Next at={schedule.next_at} />
      </Fact>
      <Fact name={texts.last}>
        {schedule.last_at === null ? texts.none : <Moment at={schedule.last_at} />}
        {schedule.error === null ? null : <Why error={schedule.error} />}
      </Fact>
      {schedule.last_scan_id === null ? null : (
        <Fact name={texts.scan}>
          <Link className="mono" to="/scans/$id" params={{ id: schedule.last_scan_id }}>
            {schedule.last_scan_id}
          </Link>
        </Fact>
      )}
    </dl>
  );
}

function Next({ at }: { at: string | null }) {
  const { formats } = useSpeech();
  const texts = useTexts(scheduleTexts);
  const now = useNow();
  if (at === null) return texts.none;
  return (
    <>
      {Date.parse(at) > now ? <Moment at={at} /> : texts.due}
      <span className="muted"> · {formats.moment(at)}</span>
    </>
  );
}

function Why({ error: { code, message } }: { error: NonNullable<Schedule["error"]> }) {
  const texts = useTexts(scheduleTexts);
  const known = Object.entries(texts.why).find(([name]) => name === code)?.[1];
  return (
    <p>
      <StateTag tone="bad">{texts.noScan}</StateTag>{" "}
      {known === undefined ? <span lang="en">{message}</span> : <span title={message}>{known}</span>}
      {code === "target_not_authorized" ? (
        <>
          {" "}
          <Link to="/scans/grants">{texts.toGrants}</Link>
        </>
      ) : null}
    </p>
  );
}

function Acts({ schedule, onEdit }: { schedule: Schedule; onEdit: () => void }) {
  const texts = useTexts(scheduleTexts);
  const client = useQueryClient();
  const tell = useToast();
  const [isAsking, setAsking] = useState(false);
  const { isBusy, fault, run } = useChange();
  const params = { path: { schedule_id: schedule.id } };
  const done = async (text: string) => {
    tell(text);
    await client.invalidateQueries({ queryKey: ["scans", "schedules"] });
  };
  const turn = (enabled: boolean) =>
    void run(async () => {
      await answerOf(server.PATCH("/v3/scans/schedules/{schedule_id}", { params, body: { enabled } }));
      await done(enabled ? texts.resumed(schedule.name) : texts.pausedNow(schedule.name));
    });
  const remove = async () => {
    await answerOf(server.DELETE("/v3/scans/schedules/{schedule_id}", { params }));
    await done(texts.removed(schedule.name));
  };
  const whose = <span className="visually-hidden"> {schedule.name}</span>;
  return (
    <>
      <div className="schedule-acts">
        <WordButton onPress={onEdit}>
          {texts.acts.edit}
          {whose}
        </WordButton>
        <WordButton isPending={isBusy} onPress={() => turn(!schedule.enabled)}>
          {schedule.enabled ? texts.acts.pause : texts.acts.resume}
          {whose}
        </WordButton>
        <WordButton variant="quiet" onPress={() => setAsking(true)}>
          {texts.acts.remove}
          {whose}
        </WordButton>
      </div>
      {fault === null ? null : <Refused error={fault} />}
      {isAsking ? (
        <ConfirmDialog
          title={texts.removeTitle(schedule.name)}
          lead={texts.removeLead}
          submit={texts.acts.remove}
          onConfirm={remove}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}
