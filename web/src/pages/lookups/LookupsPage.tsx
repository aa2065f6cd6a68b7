/** Many indicators pasted at once: read, looked up with progress, sorted by verdict, taken along. */

import "../settings/css/settings.css";
import "./css/lookups.css";
import { getRouteApi } from "@tanstack/react-router";
import { type KeyboardEvent, useEffect, useMemo, useState } from "react";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Refused } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { Choice } from "../../kit/Choice";
import { ExportMenu } from "../../kit/ExportMenu";
import { WordField } from "../../kit/Fields";
import { Fold } from "../../kit/Fold";
import { Level } from "../../kit/Level";
import { Announcement } from "../../kit/Live";
import { Page } from "../../kit/Page";
import { useNow } from "../../kit/Times";
import { downloadJson, downloadText } from "../../lib/download";
import { readPaste, type Unread } from "../../lib/indicators";
import { type Session, useSession } from "../../session/session";
import { Results } from "./Results";
import { csvOf, jsonOf } from "./rows";
import { type Depth, isOpen, lookupRun, type Progress, useLookupRun } from "./run";
import { lookupTexts } from "./texts";

const route = getRouteApi("/inside/lookups");

export function LookupsPage() {
  const texts = useTexts(lookupTexts);
  const session = useSession();
  const member = session?.member.id;
  useEffect(() => {
    if (member !== undefined) lookupRun.open(member);
  }, [member]);
  const progress = useLookupRun();
  const isIdle = progress.is === "idle";
  return (
    <Page title={texts.title} lead={texts.lead} {...(isIdle ? {} : { actions: <Save progress={progress} /> })}>
      {isIdle ? <Intake session={session} /> : <Run progress={progress} />}
    </Page>
  );
}

function Intake({ session }: { session: Session | null | undefined }) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(lookupTexts);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState("");
  const { wanted, merged, unread } = useMemo(() => readPaste(typed), [typed]);
  const depth: Depth = search.depth === "deep" ? "deep" : "quick";
  const mayNot = session?.member.role === "viewer" ? texts.mayNot(shared.roles.viewer) : null;
  const isReady = wanted.length > 0 && mayNot === null;
  const start = () => {
    if (isReady) lookupRun.start(wanted, unread, depth);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    start();
  };
  return (
    <section className="panel stack" aria-label={texts.label} onKeyDown={onKeyDown}>
      <WordField label={texts.label} hint={texts.hint} value={typed} onChange={setTyped} rows={10} isMono autoFocus />
      <div className="filter-row">
        <Choice
          label={texts.depth}
          value={depth}
          options={[
            { id: "quick", text: texts.quick },
            { id: "deep", text: texts.deep },
          ]}
          onChange={(id) => void navigate({ search: id === "deep" ? { depth: id } : {}, replace: true })}
        />
        <span className="field-hint">{depth === "deep" ? texts.deepHint : texts.quickHint}</span>
      </div>
      <div className="filter-row">
        <WordButton variant="primary" isDisabled={!isReady} onPress={start} aria-describedby="lookup-counts">
          {texts.start(wanted.length)}
        </WordButton>
        <span id="lookup-counts" className="field-hint">
          {mayNot ?? texts.counts(wanted.length, merged, unread.length)}
        </span>
      </div>
      <NotRead unread={unread} />
    </section>
  );
}

const NAMED_MAX = 100;

function NotRead({ unread }: { unread: readonly Unread[] }) {
  const texts = useTexts(lookupTexts);
  if (unread.length === 0) return null;
  return (
    <section aria-label={texts.unread} className="not-read">
      <ul>
        {unread.slice(0, NAMED_MAX).map(({ line, text, why }) => (
          <li key={`${line} ${text}`}>
            <strong>{texts.line(line)}</strong>: <span className="mono">{text.slice(0, 80)}</span> {texts.why[why]}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Run({ progress }: { progress: Progress }) {
  const texts = useTexts(lookupTexts);
  const { rows, unread, is, fault } = progress;
  const open = rows.filter(isOpen).length;
  const isBusy = is === "running" || is === "waiting";
  return (
    <>
      <section className="panel stack" aria-label={texts.progress}>
        <div className="filter-row">
          <Level
            used={rows.length - open}
            limit={rows.length}
            said={texts.of(rows.length - open, rows.length)}
            label={texts.progress}
          />
          {isBusy ? <WordButton onPress={() => lookupRun.stop()}>{texts.stop}</WordButton> : null}
          {is === "stopped" ? (
            <WordButton variant="primary" onPress={() => lookupRun.resume()}>
              {texts.resume(open)}
            </WordButton>
          ) : null}
          {isBusy ? null : <WordButton onPress={() => lookupRun.clear()}>{texts.again}</WordButton>}
          <span className="field-hint">
            <Said progress={progress} />
          </span>
        </div>
        {fault === null ? null : <Refused error={fault} again={() => lookupRun.resume()} />}
        {unread.length === 0 ? null : <Fold label={texts.unread}>{() => <NotRead unread={unread} />}</Fold>}
        <Announcement message={is === "ended" || is === "stopped" ? texts.states[is] : ""} />
      </section>
      <Results rows={rows} isBusy={isBusy} />
    </>
  );
}

function Said({ progress: { is, until } }: { progress: Progress }) {
  const texts = useTexts(lookupTexts);
  const now = useNow(1000);
  if (is === "waiting") return texts.waits(Math.max(1, Math.ceil((until - now) / 1000)));
  return is === "idle" ? null : texts.states[is];
}

const FORMATS = ["csv", "json"] as const;

function Save({ progress }: { progress: Progress }) {
  const texts = useTexts(lookupTexts);
  const save = (format: (typeof FORMATS)[number]) => {
    const name = "cybervault-lookup";
    if (format === "csv") downloadText(`${name}.csv`, csvOf(progress), "text/csv");
    else downloadJson(`${name}.json`, jsonOf(progress, new Date()));
  };
  return <ExportMenu texts={texts.export} formats={FORMATS} save={save} />;
}
