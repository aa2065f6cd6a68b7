/** A new service account, or a change of one. */

import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { WordField } from "../../../kit/Fields";
import { FormDialog } from "../../../kit/FormDialog";
import { useToast } from "../../../kit/Toasts";
import { useSession } from "../../../session/session";
import type { Scope } from "../keys/keys";
import { accountsQuery } from "../keys/queries";
import { ScopeGrid } from "../ScopeGrid";
import type { Account } from "./ServiceAccountsPage";
import { accountTexts } from "./texts";

export function AccountDialog({ account, onClose }: { account: Account | null; onClose: () => void }) {
  const texts = useTexts(accountTexts);
  const session = useSession();
  const client = useQueryClient();
  const tell = useToast();
  const [name, setName] = useState(account?.name ?? "");
  const [description, setDescription] = useState(account?.description ?? "");
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set(account?.scopes));
  const save = async () => {
    const body = { name, description, scopes: [...scopes] as Scope[] };
    if (account === null) await answerOf(server.POST("/v3/service-accounts", { body }));
    else {
      const params = { path: { account_id: account.id } };
      await answerOf(server.PATCH("/v3/service-accounts/{account_id}", { params, body }));
    }
    await client.invalidateQueries({ queryKey: accountsQuery.queryKey });
    tell(account === null ? texts.made(name) : texts.saved(name));
    onClose();
  };
  return (
    <FormDialog
      title={account === null ? texts.create : texts.editThis(account.name)}
      submit={account === null ? texts.create : texts.form.save}
      isIncomplete={name.trim() === ""}
      onSubmit={save}
      onClose={onClose}
    >
      <WordField label={texts.form.name} value={name} onChange={setName} maxLength={64} isRequired autoFocus />
      <WordField label={texts.form.description} value={description} onChange={setDescription} maxLength={1024} />
      <fieldset className="field fieldset">
        <legend className="field-label">{texts.form.scopes}</legend>
        <ScopeGrid chosen={scopes} onChange={setScopes} held={session?.scopes ?? []} />
        {account === null ? null : <p className="field-hint">{texts.form.caps}</p>}
      </fieldset>
    </FormDialog>
  );
}
