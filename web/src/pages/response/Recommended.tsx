/** What to do: each action that fits with its reason, what else it touches, how it is taken back, and a dry run. */

import "./css/response.css";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Shapes } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { CopyButton, WordButton } from "../../kit/Buttons";
import { StateTag } from "../../kit/Tags";
import { can, useSession } from "../../session/session";
import { ActionDialog } from "./ActionDialog";
import { catalogueQuery } from "./queries";
import { nameOfAction, responseTexts, shownTarget } from "./texts";

type Containment = Shapes["ContainmentReply"];
type Offer = Shapes["OfferReply"];

interface RecommendedProps {
  containment: readonly Containment[];
  findingId: string;
}

export function Recommended({ containment, findingId }: RecommendedProps) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(responseTexts);
  const session = useSession();
  const catalogue = useQuery({ ...catalogueQuery, enabled: can(session, "response:read") });
  const [asked, setAsked] = useState<Containment | null>(null);
  if (containment.length === 0) return <p className="empty">{texts.none}</p>;
  const offers = new Map(catalogue.data?.data.map((offer) => [offer.type, offer]));
  const isAllowed = can(session, "response:write");
  const isOnlyRecorded = containment.every(({ action }) => offers.get(action)?.executor === "recorder");
  return (
    <>
      {isAllowed ? null : (
        <p className="notice" id="act-reason">
          {texts.needsWrite(session ? shared.roles[session.member.role] : "")}
        </p>
      )}
      {isOnlyRecorded ? <p className="field-hint">{texts.onlyRecorded}</p> : null}
      <ol className="rows">
        {containment.map((one) => (
          <li key={`${one.action} ${one.target}`} className="row action">
            <Action containment={one} offer={offers.get(one.action)} />
            <WordButton
              isDisabled={!isAllowed}
              aria-label={texts.checkOf(nameOfAction(one.action, texts), shownTarget(one))}
              {...(isAllowed ? {} : { "aria-describedby": "act-reason" })}
              onPress={() => setAsked(one)}
            >
              {texts.check}
            </WordButton>
          </li>
        ))}
      </ol>
      {asked === null ? null : (
        <ActionDialog
          containment={asked}
          offer={offers.get(asked.action)}
          findingId={findingId}
          onClose={() => setAsked(null)}
        />
      )}
    </>
  );
}

function Action({ containment, offer }: { containment: Containment; offer: Offer | undefined }) {
  const texts = useTexts(responseTexts);
  const { action, target, reason, is_reversible: isReversible } = containment;
  const references = [
    ...(offer?.d3fend_id == null ? [] : [`D3FEND ${offer.d3fend_id}`]),
    ...(offer?.react_id == null ? [] : [`RE&CT ${offer.react_id}`]),
  ];
  return (
    <div className="row-main">
      <p>
        <strong>{nameOfAction(action, texts)}</strong> <span className="mono">{shownTarget(containment)}</span>{" "}
        <CopyButton text={target} label={texts.copyRaw} />
      </p>
      <p>{reason}</p>
      <p className="action-facts">
        <StateTag tone={isReversible ? "good" : "warn"}>
          {isReversible ? texts.reversible : texts.irreversible}
        </StateTag>
        {offer?.undo == null ? null : <span className="field-hint">{offer.undo}</span>}
      </p>
      {offer === undefined ? null : (
        <p className="field-hint">
          {texts.touches} {offer.blast_radius}
          {references.length === 0 ? null : <span className="mono"> · {references.join(" · ")}</span>}
        </p>
      )}
    </div>
  );
}
