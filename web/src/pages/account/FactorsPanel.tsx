/** One-time codes and recovery codes of the member. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, type Shapes, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { Asked, Refused } from "../../kit/Asked";
import { WordButton, WorkButton } from "../../kit/Buttons";
import { ConfirmDialog } from "../../kit/ConfirmDialog";
import { StateTag } from "../../kit/Tags";
import { useToast } from "../../kit/Toasts";
import { useChange } from "../../session/useChange";
import { EnrolmentDialog } from "./EnrolmentDialog";
import { factorsQuery } from "./queries";
import { RecoveryCodes } from "./RecoveryCodes";
import { accountTexts } from "./texts";

type Factors = Shapes["FactorsReply"];
type Enrolment = Shapes["EnrolmentReply"];

export function FactorsPanel() {
  const texts = useTexts(accountTexts).factors;
  const query = useQuery(factorsQuery);
  return (
    <section className="panel stack" aria-labelledby="factors">
      <h2 id="factors" className="section-title">
        {texts.heading}
      </h2>
      <p className="field-hint">{texts.lead}</p>
      <Asked query={query}>{(factors) => <Factors factors={factors} />}</Asked>
    </section>
  );
}

function Factors({ factors }: { factors: Factors }) {
  const texts = useTexts(accountTexts);
  const client = useQueryClient();
  const tell = useToast();
  const { isBusy, fault, run } = useChange();
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const [asking, setAsking] = useState<"remove" | "renew" | null>(null);
  // Shown once: here alone, and gone with the page.
  const [codes, setCodes] = useState<readonly string[]>([]);
  const renew = () => client.invalidateQueries({ queryKey: factorsQuery.queryKey });
  const begin = () => run(async () => setEnrolment(await answerOf(server.POST("/api/console/totp/begin"))));
  const enrolled = async (shown: readonly string[]) => {
    setEnrolment(null);
    setCodes(shown);
    tell(texts.enrolment.done);
    await renew();
  };
  const remove = async () => {
    await answerOf(server.DELETE("/api/console/totp"));
    tell(texts.factors.removed);
    await renew();
  };
  const renewCodes = async () => {
    setCodes((await answerOf(server.POST("/api/console/recovery-codes"))).recovery_codes);
    await renew();
  };
  return (
    <>
      {fault === null ? null : <Refused error={fault} />}
      <ul className="rows">
        <li className="row">
          <div className="row-main">
            <strong className="row-title">{texts.factors.totp}</strong>
            <StateTag tone={factors.totp ? "good" : "plain"}>
              {factors.totp ? texts.factors.totpOn : texts.factors.totpOff}
            </StateTag>
            <p className="field-hint">{texts.factors.totpHint}</p>
          </div>
          {factors.totp ? (
            <WordButton onPress={() => setAsking("remove")}>{texts.factors.remove}</WordButton>
          ) : (
            <WorkButton isBusy={isBusy} onPress={() => void begin()}>
              {texts.factors.setUp}
            </WorkButton>
          )}
        </li>
        <Recovery factors={factors} onRenew={() => setAsking("renew")} />
      </ul>
      {enrolment === null ? null : (
        <EnrolmentDialog enrolment={enrolment} onEnrolled={enrolled} onClose={() => setEnrolment(null)} />
      )}
      {asking === "remove" ? (
        <ConfirmDialog
          title={texts.factors.removeTitle}
          lead={texts.factors.removeLead}
          submit={texts.factors.remove}
          onConfirm={remove}
          onClose={() => setAsking(null)}
        />
      ) : null}
      {asking === "renew" ? (
        <ConfirmDialog
          title={texts.factors.renewTitle}
          lead={texts.factors.renewLead}
          submit={texts.factors.renew}
          onConfirm={renewCodes}
          onClose={() => setAsking(null)}
        />
      ) : null}
      <RecoveryCodes codes={codes} onStored={() => setCodes([])} />
    </>
  );
}

function Recovery({ factors, onRenew }: { factors: Factors; onRenew: () => void }) {
  const texts = useTexts(accountTexts).factors;
  const isOpen = factors.totp || factors.passkeys > 0;
  return (
    <li className="row">
      <div className="row-main">
        <strong className="row-title">{texts.recovery}</strong>
        {isOpen ? (
          <StateTag tone={factors.recovery_codes > 0 ? "good" : "warn"}>
            {texts.recoveryLeft(factors.recovery_codes)}
          </StateTag>
        ) : null}
        <p className="field-hint" id="recovery-why">
          {isOpen ? texts.recoveryHint : texts.needsFactor}
        </p>
      </div>
      <WordButton isDisabled={!isOpen} aria-describedby="recovery-why" onPress={onRenew}>
        {texts.renew}
      </WordButton>
    </li>
  );
}
