/** The first administrator, made once with the one-time token that the server printed. */

import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { WordField } from "../../kit/Fields";
import { useToast } from "../../kit/Toasts";
import { EntryFrame } from "./EntryFrame";
import { entryTexts } from "./texts";

export function SetupPage() {
  const texts = useTexts(entryTexts);
  const navigate = useNavigate();
  const tell = useToast();
  const [token, setToken] = useState("");
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [tenant, setTenant] = useState("");
  const [password, setPassword] = useState("");
  const submit = async () => {
    const body = { token: token.trim(), name, email, tenant: tenant === "" ? null : tenant, password };
    await answerOf(server.POST("/api/console/setup", { body: { ...body, plan: "enterprise" } }));
    tell(texts.setup.done);
    await navigate({ to: "/sign-in" });
  };
  return (
    <EntryFrame title={texts.setup.title} lead={texts.setup.lead} submit={texts.setup.submit} onSubmit={submit}>
      <WordField
        label={texts.setup.token}
        hint={texts.setup.tokenHint}
        autoComplete="off"
        value={token}
        onChange={setToken}
        isMono
        isRequired
        autoFocus
      />
      <WordField label={texts.setup.name} autoComplete="name" value={name} onChange={setName} isRequired />
      <WordField label={texts.email} type="email" autoComplete="email" value={email} onChange={setEmail} isRequired />
      <WordField
        label={texts.setup.tenant}
        hint={texts.setup.tenantHint}
        autoComplete="organization"
        value={tenant}
        onChange={setTenant}
      />
      <NewPassword value={password} onChange={setPassword} />
    </EntryFrame>
  );
}

export function NewPassword({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const texts = useTexts(entryTexts);
  return (
    <WordField
      label={texts.newPassword}
      hint={texts.passwordHint}
      type="password"
      autoComplete="new-password"
      value={value}
      onChange={onChange}
      isRequired
    />
  );
}
