/** A new key: what it is called, whose it is, how long it lives, what it may do and from where. */

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, server } from "../../../api/server";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Choice } from "../../../kit/Choice";
import { Pick, WordField } from "../../../kit/Fields";
import { FormDialog } from "../../../kit/FormDialog";
import { useWhoami } from "../../../session/clock";
import { useSession } from "../../../session/session";
import { ScopeGrid } from "../ScopeGrid";
import { ExpiryFields, type ExpiryWish } from "./ExpiryFields";
import {
  expiryOf,
  isOfAccount,
  isReadOnly,
  type KeyKind,
  networksIn,
  PERSONAL_KINDS,
  type Scope,
  type ShownKey,
  TENANT_KINDS,
} from "./keys";
import { accountsQuery } from "./queries";
import { keyTexts } from "./texts";

/** Whether the key is the member's own, or of the workspace. */
export type MakerKind = "personal" | "tenant";

interface CreateDialogProps {
  maker: MakerKind;
  onMade: (key: ShownKey) => void;
  onClose: () => void;
}

const NAME_CHARACTERS_MAX = 64;

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
  const [breadth, setBreadth] = useState<"all" | "chosen">(isOwn ? "all" : "chosen");
  const [scopes, setScopes] = useState<ReadonlySet<string>>(new Set());
  const [networks, setNetworks] = useState("");
  const serverNow = Date.now() + (whoami?.ahead ?? 0);
  const isIncomplete = name.trim() === "" || (expiry.choice === "custom" && expiry.day === "");
  const create = async () => {
    const body = {
      name,
      kind,
      scopes: breadth === "all" ? [] : ([...scopes] as Scope[]),
      ip_allow_list: networksIn(networks),
      expires_at: expiryOf(expiry.choice, expiry.day, serverNow),
      service_account_id: account === "" ? null : account,
    };
    onMade(await answerOf(server.POST("/v3/keys", { body })));
  };
  const chooseKind = (chosen: KeyKind) => {
    setKind(chosen);
    if (isReadOnly(chosen)) setScopes(new Set([...scopes].filter((scope) => scope.endsWith(":read"))));
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
      <fieldset className="field fieldset">
        <legend className="field-label">{texts.form.scopes}</legend>
        {isOwn ? (
          <Choice
            label={texts.form.scopes}
            value={breadth}
            options={[
              { id: "all", text: texts.form.scopesAll },
              { id: "chosen", text: texts.form.scopesChosen },
            ]}
            onChange={setBreadth}
          />
        ) : null}
        {breadth === "chosen" ? (
          <ScopeGrid chosen={scopes} onChange={setScopes} held={session?.scopes ?? []} isReadOnly={isReadOnly(kind)} />
        ) : null}
      </fieldset>
      <WordField
        label={texts.form.addresses}
        hint={whoami?.address ? texts.form.addressesHint(whoami.address) : texts.form.addressesHintPlain}
        value={networks}
        onChange={setNetworks}
        rows={2}
        isMono
      />
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
