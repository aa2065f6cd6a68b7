/** What is scanned again and again: when each comes next, how its last turn went, made and changed by who may scan. */

import "../threats/css/threats.css";
import "./css/new.css";
import "./css/schedules.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked, Empty } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { Page } from "../../kit/Page";
import { oneOf } from "../../lib/oneOf";
import { can, useSession } from "../../session/session";
import { ScanTabs } from "./Parts";
import { schedulesQuery } from "./queries";
import { type Draft, ScheduleDialog } from "./ScheduleDialog";
import { ScheduleRow } from "./ScheduleRow";
import { scheduleTexts } from "./scheduleTexts";
import { PROFILES, type Schedule } from "./search";
import { targetsIn } from "./targets";
import { scanWords } from "./words";

const route = getRouteApi("/inside/scans/schedules");
const NEW = "new";

export function SchedulesPage() {
  const { texts: shared } = useSpeech();
  const texts = useTexts(scheduleTexts);
  const words = useTexts(scanWords);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const session = useSession();
  const isAllowed = can(session, "scan:write");
  const query = useQuery(schedulesQuery);
  // In the address, so that a scan leads straight to a schedule of its targets.
  const edit = (id: string | undefined) => void navigate({ search: { edit: id }, replace: true });
  const draft = isAllowed ? draftOf(search, query.data?.data ?? []) : null;
  return (
    <Page
      title={words.schedules}
      lead={texts.lead}
      crumbs={[{ text: words.scans, to: "/scans" }]}
      actions={
        <WordButton
          variant="primary"
          isDisabled={!isAllowed}
          {...(isAllowed ? {} : { "aria-describedby": "schedule-reason" })}
          onPress={() => edit(NEW)}
        >
          <Plus aria-hidden size={16} />
          {texts.create}
        </WordButton>
      }
    >
      <ScanTabs here="schedules" />
      {isAllowed ? null : (
        <p id="schedule-reason" className="notice">
          {texts.needsWrite(session ? shared.roles[session.member.role] : "")}
        </p>
      )}
      <Asked query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={texts.empty.title}>{texts.empty.text}</Empty>
          ) : (
            <ul className="panel rows schedules" aria-label={texts.list}>
              {data.map((schedule) => (
                <ScheduleRow
                  key={schedule.id}
                  schedule={schedule}
                  isAllowed={isAllowed}
                  onEdit={() => edit(schedule.id)}
                />
              ))}
            </ul>
          )
        }
      </Asked>
      {draft === null ? null : <ScheduleDialog key={search.edit} draft={draft} onClose={() => edit(undefined)} />}
    </Page>
  );
}

type Search = ReturnType<typeof route.useSearch>;

/** What the dialog begins with; null where none is open. */
function draftOf({ edit, targets, profile }: Search, schedules: readonly Schedule[]): Draft | null {
  if (edit !== NEW) return schedules.find(({ id }) => id === edit) ?? null;
  return {
    id: null,
    name: "",
    targets: targetsIn(targets ?? ""),
    profile: oneOf(profile, PROFILES) ?? "standard",
    max_duration: 60,
    cron: "30 3 * * *",
    timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  };
}
