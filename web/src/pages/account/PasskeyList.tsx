/** The member's passkeys: added by the browser's own dialog, listed, removed. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, type Shapes, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { Asked } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { ConfirmDialog } from "../../kit/ConfirmDialog";
import { WordField } from "../../kit/Fields";
import { FormDialog } from "../../kit/FormDialog";
import { Moment } from "../../kit/Times";
import { useToast } from "../../kit/Toasts";
import { canMakePasskeys, makePasskey } from "../../session/passkey";
import { factorsQuery, passkeysQuery } from "./queries";
import { RecoveryCodes } from "./RecoveryCodes";
import { accountTexts } from "./texts";

type Passkey = Shapes["PasskeyReply"];

export function PasskeyList() {
  const texts = useTexts(accountTexts).passkeys;
  const client = useQueryClient();
  const tell = useToast();
  const query = useQuery(passkeysQuery);
  const [isAdding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<Passkey | null>(null);
  // Shown once, with the first second factor.
  const [codes, setCodes] = useState<readonly string[]>([]);
  const isAble = canMakePasskeys();
  const renew = () =>
    Promise.all([passkeysQuery, factorsQuery].map(({ queryKey }) => client.invalidateQueries({ queryKey })));
  const remove = async ({ id, name }: Passkey) => {
    await answerOf(server.DELETE("/api/console/passkeys/{passkey_id}", { params: { path: { passkey_id: id } } }));
    tell(texts.removed(name));
    await renew();
  };
  return (
    <section className="panel stack" aria-labelledby="passkeys">
      <div className="section-head">
        <h2 id="passkeys" className="section-title">
          {texts.heading}
        </h2>
        <span className="grow" />
        <WordButton isDisabled={!isAble} aria-describedby="passkeys-lead" onPress={() => setAdding(true)}>
          {texts.add}
        </WordButton>
      </div>
      <p className="field-hint" id="passkeys-lead">
        {isAble ? texts.lead : texts.unable}
      </p>
      <Asked query={query}>
        {({ passkeys }) =>
          passkeys.length === 0 ? (
            <p className="muted">{texts.none}</p>
          ) : (
            <ul className="rows">
              {passkeys.map((passkey) => (
                <Row key={passkey.id} passkey={passkey} onRemove={() => setRemoving(passkey)} />
              ))}
            </ul>
          )
        }
      </Asked>
      {isAdding ? (
        <AddDialog
          onClose={() => setAdding(false)}
          onAdded={async ({ passkey, recovery_codes: shown }) => {
            setAdding(false);
            setCodes(shown);
            tell(texts.added(passkey.name));
            await renew();
          }}
        />
      ) : null}
      {removing === null ? null : (
        <ConfirmDialog
          title={texts.removeTitle(removing.name)}
          lead={texts.removeLead}
          submit={texts.remove}
          onConfirm={() => remove(removing)}
          onClose={() => setRemoving(null)}
        />
      )}
      <RecoveryCodes codes={codes} onStored={() => setCodes([])} />
    </section>
  );
}

function Row({ passkey, onRemove }: { passkey: Passkey; onRemove: () => void }) {
  const texts = useTexts(accountTexts).passkeys;
  return (
    <li className="row">
      <div className="row-main">
        <strong className="row-title">{passkey.name}</strong>
        <p className="field-hint">
          {texts.made} <Moment at={passkey.created_at} /> ·{" "}
          {passkey.last_used_at === null ? (
            texts.unused
          ) : (
            <>
              {texts.used} <Moment at={passkey.last_used_at} />
            </>
          )}
        </p>
      </div>
      <WordButton variant="quiet" aria-label={texts.removeThis(passkey.name)} onPress={onRemove}>
        {texts.remove}
      </WordButton>
    </li>
  );
}

interface AddDialogProps {
  onAdded: (made: Shapes["RegisteredReply"]) => Promise<void>;
  onClose: () => void;
}

function AddDialog({ onAdded, onClose }: AddDialogProps) {
  const texts = useTexts(accountTexts).passkeys;
  const [name, setName] = useState("");
  const [isStopped, setStopped] = useState(false);
  const add = async () => {
    setStopped(false);
    const made = await makePasskey(await answerOf(server.POST("/api/console/passkeys/register/options")));
    if (made === null) return setStopped(true);
    await onAdded(await answerOf(server.POST("/api/console/passkeys/register", { body: { ...made, name } })));
  };
  return (
    <FormDialog
      title={texts.add}
      lead={texts.lead}
      submit={texts.submit}
      isIncomplete={name.trim() === ""}
      onSubmit={add}
      onClose={onClose}
    >
      <WordField label={texts.name} hint={texts.nameHint} value={name} onChange={setName} maxLength={64} autoFocus />
      {isStopped ? (
        <p className="notice" role="alert">
          {texts.stopped}
        </p>
      ) : null}
    </FormDialog>
  );
}
