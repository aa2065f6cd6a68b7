/** The secret for an authenticator, and the code that proves that it arrived there. */

import { useMemo, useState } from "react";
import { encode } from "uqr";
import { answerOf, type Shapes, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { WordField } from "../../kit/Fields";
import { FormDialog } from "../../kit/FormDialog";
import { OnceText } from "../../kit/OnceDialog";
import { accountTexts } from "./texts";

interface EnrolmentDialogProps {
  enrolment: Shapes["EnrolmentReply"];
  onEnrolled: (codes: readonly string[]) => Promise<void>;
  onClose: () => void;
}

export function EnrolmentDialog({ enrolment, onEnrolled, onClose }: EnrolmentDialogProps) {
  const texts = useTexts(accountTexts).enrolment;
  const [code, setCode] = useState("");
  const confirm = async () => {
    const body = { ticket: enrolment.ticket, code: code.replaceAll(" ", "") };
    await onEnrolled((await answerOf(server.POST("/api/console/totp/confirm", { body }))).recovery_codes);
  };
  return (
    <FormDialog
      title={texts.title}
      lead={texts.lead}
      submit={texts.submit}
      isIncomplete={code.trim() === ""}
      onSubmit={confirm}
      onClose={onClose}
    >
      <div className="enrolment">
        <Picture uri={enrolment.uri} />
        <div className="stack">
          <OnceText label={texts.secret} text={enrolment.secret} />
          <a href={enrolment.uri}>{texts.open}</a>
        </div>
      </div>
      <WordField
        label={texts.code}
        value={code}
        onChange={setCode}
        inputMode="numeric"
        autoComplete="one-time-code"
        isMono
        isRequired
        autoFocus
      />
    </FormDialog>
  );
}

/** Drawn here: a picture of the secret comes from no other place. */
function Picture({ uri }: { uri: string }) {
  const texts = useTexts(accountTexts).enrolment;
  const { size, path } = useMemo(() => {
    const { data, size } = encode(uri, { border: 3 });
    const dots = data.flatMap((row, y) => row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])));
    return { size, path: dots.join("") };
  }, [uri]);
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" shapeRendering="crispEdges">
      <title>{texts.picture}</title>
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  );
}
