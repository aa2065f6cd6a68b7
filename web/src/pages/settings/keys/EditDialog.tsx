/** A change of a key: what it is called, until when, what it may and from where; what stays is not sent. */

import { useState } from "react";
import { answerOf, Refusal, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { Tick, WordField } from "../../../kit/Fields";
import { FormDialog } from "../../../kit/FormDialog";
import { useWhoami } from "../../../session/clock";
import { ExpiryFields, type ExpiryWish } from "./ExpiryFields";
import { type Expiry, expiryOf, isOfMember, type Key, NAME_CHARACTERS_MAX, networksIn, type Scope } from "./keys";
import { NetworkField } from "./NetworkField";
import { isWithoutScope, ScopeFields, type ScopeWish, scopesOf } from "./ScopeFields";
import { keyTexts } from "./texts";

interface EditDialogProps {
  record: Key;
  onSaved: (key: Key) => void;
  onClose: () => void;
}

export function EditDialog({ record: key, onSaved, onClose }: EditDialogProps) {
  const texts = useTexts(keyTexts);
  const whoami = useWhoami();
  const [name, setName] = useState(key.name);
  const [expiry, setExpiry] = useState<ExpiryWish<"keep" | Expiry>>({ choice: "keep", day: "" });
  const [scopes, setScopes] = useState<ScopeWish>({
    breadth: isOfMember(key.kind) && key.scopes.length === 0 ? "all" : "chosen",
    chosen: new Set(key.scopes),
  });
  const [networks, setNetworks] = useState(key.ip_allow_list.join("\n"));
  const [lockout, setLockout] = useState<"none" | "met" | "wanted">("none");
  const serverNow = Date.now() + (whoami?.ahead ?? 0);
  const save = async () => {
    const wish = { name: name.trim(), scopes: scopesOf(scopes), ip_allow_list: networksIn(networks) };
    const end = expiry.choice === "keep" ? {} : { expires_at: expiryOf(expiry.choice, expiry.day, serverNow) };
    const body = { ...changesOf(key, wish), ...end, confirm: lockout === "wanted" };
    try {
      onSaved(await answerOf(server.PATCH("/v3/keys/{key_id}", { params: { path: { key_id: key.id } }, body })));
    } catch (error) {
      if (error instanceof Refusal && error.code === "would_lock_out") setLockout("met");
      throw error;
    }
  };
  return (
    <FormDialog
      title={texts.edit.title(key.name)}
      lead={texts.edit.lead}
      submit={texts.edit.save}
      isIncomplete={
        name.trim() === "" || (expiry.choice === "custom" && expiry.day === "") || isWithoutScope(key.kind, scopes)
      }
      onSubmit={save}
      onClose={onClose}
    >
      <WordField
        label={texts.form.name}
        value={name}
        onChange={setName}
        maxLength={NAME_CHARACTERS_MAX}
        autoComplete="off"
        isRequired
        autoFocus
      />
      <div className="form-row">
        <ExpiryFields<"keep"> wish={expiry} onChange={setExpiry} first={[{ id: "keep", text: texts.rotation.keep }]} />
      </div>
      <ScopeFields kind={key.kind} all={texts.edit.scopesAll} wish={scopes} onChange={setScopes} />
      <NetworkField value={networks} onChange={setNetworks} />
      {lockout === "none" ? null : (
        <Tick isSelected={lockout === "wanted"} onChange={(is) => setLockout(is ? "wanted" : "met")}>
          {texts.edit.lockOut}
        </Tick>
      )}
    </FormDialog>
  );
}

export interface Wish {
  name: string;
  scopes: Scope[];
  ip_allow_list: string[];
}

/** Only what is other than before: two who change different parts of a key at once undo nothing of each other. */
export function changesOf(before: Pick<Key, keyof Wish>, wish: Wish): Partial<Wish> {
  const isSame = (one: readonly string[], other: readonly string[]) =>
    [...one].sort().join() === [...other].sort().join();
  return {
    ...(before.name === wish.name ? {} : { name: wish.name }),
    ...(isSame(before.scopes, wish.scopes) ? {} : { scopes: wish.scopes }),
    ...(isSame(before.ip_allow_list, wish.ip_allow_list) ? {} : { ip_allow_list: wish.ip_allow_list }),
  };
}
