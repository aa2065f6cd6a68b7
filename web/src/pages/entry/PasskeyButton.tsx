/** Sign-in by passkey, where this browser knows them. */

import { KeyRound } from "lucide-react";
import { useState } from "react";
import { answerOf, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { Refused } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { havePasskeys, showPasskey } from "../../session/passkey";
import { entryTexts } from "./texts";

export function PasskeyButton({ onEntered }: { onEntered: () => Promise<void> }) {
  const texts = useTexts(entryTexts);
  const [fault, setFault] = useState<Error | null>(null);
  const enter = async () => {
    setFault(null);
    try {
      const shown = await showPasskey(await answerOf(server.POST("/api/console/passkeys/sign-in/options")));
      if (shown === null) return;
      await answerOf(server.POST("/api/console/passkeys/sign-in", { body: shown }));
      await onEntered();
    } catch (error) {
      setFault(error as Error);
    }
  };
  if (!havePasskeys()) return null;
  return (
    <>
      <WordButton onPress={() => void enter()}>
        <KeyRound aria-hidden size={16} />
        {texts.signIn.passkey}
      </WordButton>
      {fault === null ? null : <Refused error={fault} />}
    </>
  );
}
