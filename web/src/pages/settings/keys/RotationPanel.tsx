/** A rotation on its way: both secrets, how the old one is still used, and the two ways to end it. */

import { answerOf, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { Refused } from "../../../kit/Asked";
import { WorkButton } from "../../../kit/Buttons";
import { Moment } from "../../../kit/Times";
import { useToast } from "../../../kit/Toasts";
import { useChange } from "../../../session/useChange";
import type { Key } from "./keys";
import { SecretChips } from "./SecretChips";
import { keyTexts } from "./texts";

export function RotationPanel({ record: key, onDone }: { record: Key; onDone: () => Promise<void> }) {
  const texts = useTexts(keyTexts).rotation;
  const tell = useToast();
  const { isBusy, fault, run } = useChange();
  const params = { path: { key_id: key.id } };
  const finish = async () => {
    const { old_secret: old } = await answerOf(server.POST("/v3/keys/{key_id}/finish-rotation", { params }));
    await onDone();
    tell(texts.finished(old.last_use));
  };
  const cancel = async () => {
    await answerOf(server.POST("/v3/keys/{key_id}/cancel-rotation", { params }));
    await onDone();
    tell(texts.cancelled);
  };
  return (
    <section className="panel stack" aria-labelledby="rotation">
      <div className="section-head">
        <h2 id="rotation" className="section-title">
          {texts.heading}
        </h2>
        <SecretChips record={key} />
      </div>
      <OldUse record={key} />
      {fault === null ? null : <Refused error={fault} />}
      <div className="button-row">
        <WorkButton variant="primary" isBusy={isBusy} onPress={() => void run(finish)}>
          {texts.finish}
        </WorkButton>
        <WorkButton isBusy={isBusy} onPress={() => void run(cancel)}>
          {texts.cancel}
        </WorkButton>
      </div>
    </section>
  );
}

/** Whether the rotation may be finished without harm: said before, not only after. */
function OldUse({ record: { secrets } }: { record: Key }) {
  const texts = useTexts(keyTexts).rotation;
  const old = secrets.find(({ is_old }) => is_old);
  const fresh = secrets.find(({ is_old }) => !is_old);
  if (old === undefined) return null;
  if (old.last_used_at === null) return <p>{texts.oldUnused}</p>;
  const isNeeded = fresh !== undefined && Date.parse(old.last_used_at) >= Date.parse(fresh.created_at);
  return (
    <p>
      {texts.oldUsed} <Moment at={old.last_used_at} />
      {old.last_used_ip === null ? null : (
        <>
          {" "}
          {texts.oldUsedFrom} <code>{old.last_used_ip}</code>
        </>
      )}
      . {isNeeded ? <strong>{texts.stillUsed}</strong> : null}
    </p>
  );
}
