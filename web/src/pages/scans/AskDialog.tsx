/** Asks for a scope: a domain, which is then to be proved, or a network where the operator lets owners grant one. */

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { Tick, WordField } from "../../kit/Fields";
import { FormDialog } from "../../kit/FormDialog";
import { grantTexts } from "./grantTexts";
import { OperatorCommand } from "./TargetChecks";
import { kindOf, meantBy, targetsIn } from "./targets";

const NOTE_CHARACTERS_MAX = 500;

export function AskDialog({ target, onClose }: { target: string; onClose: () => void }) {
  const texts = useTexts(grantTexts).dialog;
  const client = useQueryClient();
  const [typed, setTyped] = useState(target);
  const [note, setNote] = useState("");
  const [isPentest, setPentest] = useState(false);
  const [read = ""] = targetsIn(typed);
  const wanted = meantBy(read) ?? read;
  const kind = kindOf(wanted);
  const submit = async () => {
    await answerOf(server.POST("/v3/scans/grants", { body: { target: wanted, note, allow_pentest: isPentest } }));
    await client.invalidateQueries({ queryKey: ["scans", "grants"] });
    onClose();
  };
  return (
    <FormDialog
      title={texts.title}
      lead={texts.lead}
      submit={texts.submit}
      isIncomplete={wanted === ""}
      onSubmit={submit}
      onClose={onClose}
    >
      <WordField
        label={texts.target}
        hint={texts.targetHint}
        value={typed}
        onChange={setTyped}
        isMono
        isRequired
        autoFocus
      />
      {kind === null || kind === "domain" ? null : (
        <div className="notice stack">
          {kind === "network" ? <span>{texts.network}</span> : null}
          <OperatorCommand target={wanted} isPentest={isPentest} />
        </div>
      )}
      <WordField
        label={texts.note}
        hint={texts.noteHint}
        value={note}
        onChange={setNote}
        maxLength={NOTE_CHARACTERS_MAX}
      />
      <Tick isSelected={isPentest} onChange={setPentest}>
        {texts.pentest}
      </Tick>
    </FormDialog>
  );
}
