/** A new key: what it is called, whose it is, how long it lives, what it may do and from where. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, server } from "../../../api/server";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Pick, WordField } from "../../../kit/Fields";
import { FormDialog } from "../../../kit/FormDialog";
import { useWhoami } from "../../../session/clock";
import { useSession } from "../../../session/session";
import { ExpiryFields, type ExpiryWish } from "./ExpiryFields";
import {
  expiryOf,
  isOfAccount,
  isReadOnly,
  type KeyKind,
  NAME_CHARACTERS_MAX,
  networksIn,
  PERSONAL_KINDS,
  type ShownKey,
  TENANT_KINDS,
} from "./keys";
import { NetworkField } from "./NetworkField";
import { accountsQuery } from "./queries";
import { isWithoutScope, ScopeFields, type ScopeWish, scopesOf } from "./ScopeFields";
import { keyTexts } from "./texts";

/** Whether the key is the member's own, or of the workspace. */
export type MakerKind = "personal" | "tenant";

interface CreateDialogProps {
  maker: MakerKind;
  onMade: (key: ShownKey) => void;
  onClose: () => void;
}

export function CreateDialog({ maker, onMade, onClose }: CreateDialogProps) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(keyTexts);
  const session = useSession();
  const whoami = useWhoami();
  const isOwn = maker === "personal";
  const kinds: readonly KeyKind[] = isOwn ? PERSONAL_KINDS : TENANT_KINDS;
  const [name, setName] = useState("");
  const [kind, setKind] = useState<KeyKind>(isOwn ? "personal" : "service_live");
  const [account, setAccount] = useState("");
  const [expiry, setExpiry] = useState<ExpiryWish>({ choice: "90", day: "" });
  const [scopes, setScopes] = useState<ScopeWish>({ breadth: isOwn ? "all" : "chosen", chosen: new Set() });
  const [networks, setNetworks] = useState("");
  const serverNow = Date.now() + (whoami?.ahead ?? 0);
  const isIncomplete =
    name.trim() === "" || (expiry.choice === "custom" && expiry.day === "") || isWithoutScope(kind, scopes);
  const create = async () => {
    const body = {
      name,
      kind,
      scopes: scopesOf(scopes),
      ip_allow_list: networksIn(networks),
      expires_at: expiryOf(expiry.choice, expiry.day, serverNow),
      service_account_id: account === "" ? null : account,
    };
    onMade(await answerOf(server.POST("/v3/keys", { body })));
  };
  const chooseKind = (chosen: KeyKind) => {
    setKind(chosen);
    if (isReadOnly(chosen)) {
      setScopes({ ...scopes, chosen: new Set([...scopes.chosen].filter((scope) => scope.endsWith(":read"))) });
    }
    if (!isOfAccount(chosen)) setAccount("");
  };
  return (
    <FormDialog
      title={isOwn ? texts.form.title : texts.form.titleTenant}
      lead={isOwn && session ? texts.rights(shared.roles[session.member.role]) : undefined}
      submit={texts.form.submit}
      isIncomplete={isIncomplete}
      onSubmit={create}
      onClose={onClose}
    >
      <WordField
        label={texts.form.name}
        hint={texts.form.nameHint}
        value={name}
        onChange={setName}
        maxLength={NAME_CHARACTERS_MAX}
        autoComplete="off"
        isRequired
        autoFocus
      />
      <div className="form-row">
        <Pick
          label={texts.form.kind}
          value={kind}
          options={kinds.map((id) => ({ id, text: texts.kinds[id], hint: texts.kindHints[id] }))}
          onChange={chooseKind}
        />
        <ExpiryFields wish={expiry} onChange={setExpiry} />
      </div>
      {isOfAccount(kind) ? <AccountPick value={account} onChange={setAccount} /> : null}
      <ScopeFields kind={kind} all={texts.form.scopesAll} wish={scopes} onChange={setScopes} />
      <NetworkField value={networks} onChange={setNetworks} />
    </FormDialog>
  );
}

function AccountPick({ value, onChange }: { value: string; onChange: (id: string) => void }) {
  const texts = useTexts(keyTexts).form;
  const accounts = useQuery(accountsQuery).data?.data ?? [];
  return (
    <Pick
      label={texts.account}
      value={value === "" ? "none" : value}
      options={[{ id: "none", text: texts.noAccount }, ...accounts.map(({ id, name }) => ({ id, text: name }))]}
      onChange={(id) => onChange(id === "none" ? "" : id)}
      hint={texts.accountHint}
    />
  );
}
