/** Who was invited chooses a password; the token stands behind the # of the address and reaches the server only then. */

import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { Empty } from "../../kit/Asked";
import { useToast } from "../../kit/Toasts";
import { EntryFrame } from "./EntryFrame";
import { NewPassword } from "./SetupPage";
import { entryTexts } from "./texts";

/** Taken out of the address at once, which people copy and browsers remember. */
function takeToken(): string {
  const token = window.location.hash.slice(1);
  if (token !== "") window.history.replaceState(window.history.state, "", window.location.pathname);
  return token;
}

export function InvitationPage() {
  const texts = useTexts(entryTexts);
  const navigate = useNavigate();
  const tell = useToast();
  const [token] = useState(takeToken);
  const [password, setPassword] = useState("");
  const submit = async () => {
    await answerOf(server.POST("/api/console/invitation", { body: { token, password } }));
    tell(texts.invitation.done);
    await navigate({ to: "/sign-in" });
  };
  if (token === "") {
    return (
      <div className="entry">
        <h1 className="page-title">{texts.invitation.title}</h1>
        <Empty title={texts.invitation.noToken}>{texts.invitation.noTokenHint}</Empty>
      </div>
    );
  }
  return (
    <EntryFrame
      title={texts.invitation.title}
      lead={texts.invitation.lead}
      submit={texts.invitation.submit}
      onSubmit={submit}
    >
      <NewPassword value={password} onChange={setPassword} />
    </EntryFrame>
  );
}
