/** Ends a batch that is open, or deletes one that has ended, once it was asked whether that is meant. */

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, server } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { WordButton } from "../../kit/Buttons";
import { ConfirmDialog } from "../../kit/ConfirmDialog";
import { useToast } from "../../kit/Toasts";
import { can, useSession } from "../../session/session";
import { telemetryTexts } from "./texts";

const ACTS = {
  cancel: async (id: string) => {
    await answerOf(server.POST("/v3/telemetry/{batch_id}/cancel", { params: { path: { batch_id: id } } }));
  },
  remove: async (id: string) => {
    await answerOf(server.DELETE("/v3/telemetry/{batch_id}", { params: { path: { batch_id: id } } }));
  },
};

type Props = { id: string; act: keyof typeof ACTS; onDone?: () => Promise<void> };

export function BatchButton({ id, act, onDone }: Props) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(telemetryTexts)[act];
  const session = useSession();
  const client = useQueryClient();
  const tell = useToast();
  const [isAsking, setAsking] = useState(false);
  const isAllowed = can(session, "threat:write");
  const confirm = async () => {
    await ACTS[act](id);
    tell(texts.done);
    await onDone?.();
    await client.invalidateQueries({ queryKey: ["telemetry", "list"] });
    await client.invalidateQueries({ queryKey: ["telemetry", "one", id] });
  };
  return (
    <>
      <WordButton
        isDisabled={!isAllowed}
        {...(isAllowed ? {} : { "aria-describedby": `${act}-${id}` })}
        onPress={() => setAsking(true)}
      >
        {texts.label}
      </WordButton>
      {isAllowed ? null : (
        <span className="field-hint" id={`${act}-${id}`}>
          {texts.needsWrite(session ? shared.roles[session.member.role] : "")}
        </span>
      )}
      {isAsking ? (
        <ConfirmDialog
          title={texts.title}
          lead={texts.lead}
          submit={texts.label}
          onConfirm={confirm}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </>
  );
}
