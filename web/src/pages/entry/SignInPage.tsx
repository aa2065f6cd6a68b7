/** Sign-in: address and password, a code where the member has one, or the organisation's identity provider. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, Refusal, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { WordField } from "../../kit/Fields";
import { expectSession, sessionQuery } from "../../session/session";
import { EntryFrame } from "./EntryFrame";
import { PasskeyButton } from "./PasskeyButton";
import { entryTexts } from "./texts";

const wantsCode = (fault: Error) => fault instanceof Refusal && fault.code === "second_factor_required";

export function SignInPage() {
  const texts = useTexts(entryTexts);
  const enter = useEnter();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState<string | null>(null);
  const submit = async () => {
    try {
      await answerOf(
        server.POST("/api/console/sign-in", { body: { email, password, ...(code === null ? {} : { code }) } }),
      );
    } catch (error) {
      if (wantsCode(error as Error)) setCode("");
      throw error;
    }
    await enter();
  };
  return (
    <EntryFrame
      title={texts.signIn.title}
      lead={texts.signIn.lead}
      submit={texts.signIn.submit}
      onSubmit={submit}
      hides={(fault) => wantsCode(fault) && code === ""}
      after={
        <>
          <PasskeyButton onEntered={enter} />
          <IdentityLink />
          <p className="field-hint">{texts.signIn.forgotten}</p>
        </>
      }
    >
      <WordField
        label={texts.email}
        type="email"
        autoComplete="username webauthn"
        value={email}
        onChange={setEmail}
        isRequired
        autoFocus
      />
      <WordField
        label={texts.password}
        type="password"
        autoComplete="current-password"
        value={password}
        onChange={setPassword}
        isRequired
      />
      {code === null ? null : (
        <WordField
          label={texts.signIn.code}
          hint={texts.signIn.codeHint}
          inputMode="numeric"
          autoComplete="one-time-code"
          value={code}
          onChange={setCode}
          isRequired
          autoFocus
        />
      )}
    </EntryFrame>
  );
}

/** Loads who has signed in, then leads to where the visitor wanted to be. */
function useEnter(): () => Promise<void> {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { next } = useSearch({ from: "/sign-in" });
  return async () => {
    expectSession(true);
    await client.fetchQuery({ ...sessionQuery, staleTime: 0 });
    await navigate({ href: next ?? "/" });
  };
}

function IdentityLink() {
  const texts = useTexts(entryTexts);
  const { data } = useQuery({
    queryKey: ["identity"],
    queryFn: ({ signal }) => answerOf(server.GET("/api/console/identity", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return typeof data?.name !== "string" ? null : (
    <a className="button button-secondary" href="/api/console/identity/start">
      {texts.signIn.identity(data.name)}
    </a>
  );
}
