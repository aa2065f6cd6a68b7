/** Asking for a scan: targets checked while they are typed, how loud it would be, and what to do where it is refused. */

import "./css/scans.css";
import "./css/new.css";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { LoaderCircle, Play } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { Form } from "react-aria-components";
import { answerOf, server } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Refused } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { Pick } from "../../kit/Fields";
import { Page } from "../../kit/Page";
import { useToast } from "../../kit/Toasts";
import { oneOf } from "../../lib/oneOf";
import { can, useSession } from "../../session/session";
import { useChange } from "../../session/useChange";
import { MINUTES, reasonAgainst, usePreviews } from "./checking";
import { Engines } from "./Engines";
import { Meaning } from "./Meaning";
import { newTexts } from "./newTexts";
import { ProfileCards } from "./ProfileCards";
import { grantsQuery } from "./queries";
import { PROFILES, type Profile } from "./search";
import { TargetsField } from "./TargetsField";
import { targetsIn } from "./targets";
import { scanWords } from "./words";

const route = getRouteApi("/inside/scans/new");

export function NewScanPage() {
  const { texts: shared } = useSpeech();
  const texts = useTexts(newTexts);
  const words = useTexts(scanWords);
  const session = useSession();
  return (
    <Page title={texts.title} lead={texts.lead} crumbs={[{ text: words.scans, to: "/scans" }]}>
      {can(session, "scan:write") ? (
        <NewScanForm />
      ) : (
        <p className="notice">{words.needsWrite(session ? shared.roles[session.member.role] : "")}</p>
      )}
    </Page>
  );
}

function NewScanForm() {
  const { formats } = useSpeech();
  const texts = useTexts(newTexts);
  const search = route.useSearch();
  const [typed, setTyped] = useState(() => targetsIn(search.targets ?? "").join("\n"));
  const [profile, setProfile] = useState<Profile>(oneOf(search.profile, PROFILES) ?? "standard");
  const [minutes, setMinutes] = useState("60");
  const targets = targetsIn(typed);
  const { previews, isChecking, fault } = usePreviews(targets, profile, PROFILES);
  const preview = previews[profile];
  const { isBusy, fault: asking, start } = useStart();
  const reason = reasonAgainst(targets, preview, isChecking);
  const reasonId = useId();
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (reason === null && !isBusy) void start({ targets, profile, max_duration: Number(minutes) });
  };
  const estimate = preview?.targets.length ? preview.estimated_duration : 0;
  return (
    <Form className="new-scan" onSubmit={send}>
      <div className="stack">
        <section className="panel stack">
          <TargetsField
            typed={typed}
            onChange={setTyped}
            preview={preview}
            isChecking={isChecking}
            fault={fault}
            rows={5}
            autoFocus
          />
        </section>
        <ProfileCards profile={profile} previews={previews} onChange={setProfile} hasPentest={usePentest()} />
      </div>
      <section className="panel stack new-scan-side" aria-labelledby="new-scan-mean">
        <h2 id="new-scan-mean" className="section-title">
          {texts.mean}
        </h2>
        <Meaning preview={preview} />
        <Engines />
        <Pick
          label={texts.time}
          value={minutes}
          options={MINUTES.map((id) => ({ id, text: formats.duration(Number(id) * 60) }))}
          onChange={setMinutes}
          {...(estimate > Number(minutes) ? { hint: texts.tooShort(formats.duration(estimate * 60)) } : {})}
        />
        {asking === null ? null : <Refused error={asking} />}
        <WordButton variant="primary" type="submit" isDisabled={reason !== null} aria-describedby={reasonId}>
          {isBusy ? <LoaderCircle aria-hidden size={16} className="spin" /> : <Play aria-hidden size={15} />}
          {texts.start}
        </WordButton>
        <p id={reasonId} className="field-hint new-scan-reason">
          {reason === null ? "" : texts.reasons[reason]}
        </p>
      </section>
    </Form>
  );
}

/** Whether any grant allows a pentest; true while nobody knows. */
function usePentest(): boolean {
  const grants = useQuery(grantsQuery).data?.data;
  return grants?.some(({ granted, allow_pentest }) => granted && allow_pentest) ?? true;
}

interface Wish {
  targets: string[];
  profile: Profile;
  max_duration: number;
}

function useStart() {
  const texts = useTexts(newTexts);
  const { isBusy, fault, run } = useChange();
  const navigate = useNavigate();
  const client = useQueryClient();
  const tell = useToast();
  const start = (wish: Wish) =>
    run(async () => {
      const scan = await answerOf(server.POST("/v3/scans", { body: wish }));
      tell(texts.started);
      void client.invalidateQueries({ queryKey: ["scans", "list"] });
      await navigate({ to: "/scans/$id", params: { id: scan.id } });
    });
  return { isBusy, fault, start };
}
