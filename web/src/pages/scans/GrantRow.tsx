/** One grant: how it stands and for how long, and for a domain what proves it. */

import { useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { LoaderCircle } from "lucide-react";
import { useState } from "react";
import { answerOf, Refusal, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { Refused } from "../../kit/Asked";
import { CopyButton, WordButton } from "../../kit/Buttons";
import { ConfirmDialog } from "../../kit/ConfirmDialog";
import { Fold } from "../../kit/Fold";
import { StateTag, type Tone } from "../../kit/Tags";
import { Moment, useNow } from "../../kit/Times";
import { useToast } from "../../kit/Toasts";
import { can, useSession } from "../../session/session";
import { useChange } from "../../session/useChange";
import { grantTexts } from "./grantTexts";
import type { Grant } from "./search";
import { scanWords } from "./words";

type State = "granted" | "waiting" | "ended";
const TONE: Record<State, Tone> = { granted: "good", waiting: "warn", ended: "plain" };

function stateOf({ granted, expires_at: expires }: Grant, now: number): State {
  if (!granted) return "waiting";
  return expires !== null && Date.parse(expires) <= now ? "ended" : "granted";
}

interface GrantRowProps {
  grant: Grant;
  isManaging: boolean;
}

export function GrantRow({ grant, isManaging }: GrantRowProps) {
  const texts = useTexts(grantTexts);
  const words = useTexts(scanWords);
  const state = stateOf(grant, useNow());
  const { isBusy, fault, verify } = useVerify(grant);
  const isToBeProved = grant.challenge !== null;
  return (
    <li className="row">
      <div className="row-main">
        <span className="row-title mono">{grant.target}</span>
        <span className="muted">{words.kinds[grant.kind]}</span>
        <div className="grant-tags">
          <StateTag tone={TONE[state]}>{texts.states[state]}</StateTag>
          {grant.allow_pentest ? <StateTag tone="warn">{texts.pentest}</StateTag> : null}
          <span className="field-hint">
            {state === "waiting" ? null : `${texts.basis[grant.basis]}, `}
            <Term grant={grant} state={state} />
            {grant.note === "" ? null : ` · ${grant.note}`}
          </span>
        </div>
      </div>
      <Acts
        grant={grant}
        state={state}
        isManaging={isManaging}
        verify={isToBeProved ? { isBusy, run: verify } : null}
      />
      {isToBeProved && isManaging ? (
        <div className="grant-proof">
          {state === "waiting" ? (
            <Challenge challenge={grant.challenge} />
          ) : (
            <Fold label={texts.challenge.show} fullLabel={`${texts.challenge.show}: ${grant.target}`}>
              {() => <Challenge challenge={grant.challenge} />}
            </Fold>
          )}
          {fault === null ? null : <Unproved fault={fault} />}
        </div>
      ) : null}
    </li>
  );
}

function Term({ grant, state }: { grant: Grant; state: State }) {
  const texts = useTexts(grantTexts);
  if (state === "waiting") {
    return (
      <>
        {texts.asked} <Moment at={grant.created_at} />
      </>
    );
  }
  if (grant.expires_at === null) return texts.noEnd;
  return (
    <>
      {state === "ended" ? texts.ended : texts.until} <Moment at={grant.expires_at} />
    </>
  );
}

interface ActsProps extends GrantRowProps {
  state: State;
  /** Null for what no proof is asked of. */
  verify: { isBusy: boolean; run: () => void } | null;
}

function Acts({ grant, state, isManaging, verify }: ActsProps) {
  const texts = useTexts(grantTexts);
  const session = useSession();
  const isScannable = state === "granted" && can(session, "scan:write");
  return (
    <div className="grant-acts">
      {isScannable ? (
        <Link className="button button-secondary" to="/scans/new" search={{ targets: grant.target }}>
          {texts.scan}
          <span className="visually-hidden"> {grant.target}</span>
        </Link>
      ) : null}
      {verify === null || !isManaging ? null : (
        <WordButton
          variant={state === "granted" ? "secondary" : "primary"}
          isDisabled={verify.isBusy}
          onPress={verify.run}
        >
          {verify.isBusy ? <LoaderCircle aria-hidden size={15} className="spin" /> : null}
          {verify.isBusy ? texts.verifying : state === "granted" ? texts.verifyAgain : texts.verify}
          <span className="visually-hidden"> {grant.target}</span>
        </WordButton>
      )}
      {isManaging ? <Withdraw grant={grant} /> : null}
    </div>
  );
}

function Withdraw({ grant }: { grant: Grant }) {
  const texts = useTexts(grantTexts);
  const client = useQueryClient();
  const tell = useToast();
  const [isAsking, setAsking] = useState(false);
  const withdraw = async () => {
    await answerOf(server.DELETE("/v3/scans/grants/{grant_id}", { params: { path: { grant_id: grant.id } } }));
    tell(texts.withdrawn(grant.target));
    await client.invalidateQueries({ queryKey: ["scans", "grants"] });
  };
  return (
    <>
      <WordButton variant="quiet" onPress={() => setAsking(true)}>
        {texts.withdraw}
        <span className="visually-hidden"> {grant.target}</span>
      </WordButton>
      {isAsking ? (
        <ConfirmDialog
          title={texts.withdrawTitle(grant.target)}
          lead={texts.withdrawLead}
          submit={texts.withdraw}
          onConfirm={withdraw}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}

function useVerify(grant: Grant) {
  const texts = useTexts(grantTexts);
  const client = useQueryClient();
  const tell = useToast();
  const { isBusy, fault, run } = useChange();
  const verify = () =>
    void run(async () => {
      const params = { path: { grant_id: grant.id } };
      await answerOf(server.POST("/v3/scans/grants/{grant_id}/verify", { params }));
      tell(texts.proved(grant.target));
      await client.invalidateQueries({ queryKey: ["scans", "grants"] });
    });
  return { isBusy, fault, verify };
}

function Unproved({ fault }: { fault: unknown }) {
  const texts = useTexts(grantTexts);
  if (!(fault instanceof Refusal && fault.code === "proof_missing")) return <Refused error={fault} />;
  return (
    <p className="box box-warning" role="alert">
      {texts.notProved}
    </p>
  );
}

function Challenge({ challenge }: { challenge: Grant["challenge"] }) {
  const texts = useTexts(grantTexts).challenge;
  if (challenge === null) return null;
  const ways = [
    {
      title: texts.dns,
      parts: [
        [texts.name, challenge.txt_record],
        [texts.value, challenge.text],
      ],
    },
    {
      title: texts.file,
      parts: [
        [texts.address, challenge.file],
        [texts.content, challenge.text],
      ],
    },
  ] as const;
  return (
    <div className="stack">
      <p>{texts.heading}</p>
      <div className="challenge">
        {ways.map(({ title, parts }) => (
          <div key={title} className="challenge-way">
            <strong>{title}</strong>
            <dl>
              {parts.map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>
                    <code>{value}</code>
                    <CopyButton text={value} label={texts.copy(name)} />
                  </dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
      </div>
    </div>
  );
}
