/** One key: what it is, its rotation, how it is used, and the ways to replace or end it. */

import { Who } from "../../../session/Who";
import "../css/settings.css";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useTexts } from "../../../i18n/texts";
import { Asked } from "../../../kit/Asked";
import { WordButton } from "../../../kit/Buttons";
import { Fact } from "../../../kit/Fact";
import { Page } from "../../../kit/Page";
import { StateTag } from "../../../kit/Tags";
import { Moment } from "../../../kit/Times";
import { useToast } from "../../../kit/Toasts";
import { EditDialog } from "./EditDialog";
import { KeyBadges } from "./KeyTable";
import { type Key, type ShownKey, STATE_TONE } from "./keys";
import { accountsQuery, keyQuery } from "./queries";
import { RevokeDialog } from "./RevokeDialog";
import { RotateDialog } from "./RotateDialog";
import { RotationPanel } from "./RotationPanel";
import { SecretDialog } from "./SecretDialog";
import { keyTexts } from "./texts";
import { UsagePanel } from "./UsagePanel";

const route = getRouteApi("/inside/settings/api-keys/$id");

export function KeyPage() {
  const { id } = route.useParams();
  const query = useQuery(keyQuery(id));
  const texts = useTexts(keyTexts);
  if (query.data !== undefined) return <Detail record={query.data} />;
  return (
    <Page title={texts.title}>
      <Asked query={query}>{(key) => key.name}</Asked>
    </Page>
  );
}

function Detail({ record: key }: { record: Key }) {
  const texts = useTexts(keyTexts);
  const client = useQueryClient();
  const tell = useToast();
  const [open, setOpen] = useState<Act | null>(null);
  // Here alone, as on the page of all keys.
  const [shown, setShown] = useState<ShownKey | null>(null);
  const renew = () => client.invalidateQueries({ queryKey: ["keys"] });
  const close = () => setOpen(null);
  const why = reasonAgainst(key, texts.detail);
  return (
    <Page
      title={key.name}
      windowTitle={`${key.name} · ${texts.title}`}
      crumbs={[{ text: texts.title, to: "/settings/api-keys" }]}
      actions={
        <>
          <WordButton
            isDisabled={why.edit !== null}
            {...(why.edit === null ? {} : { "aria-describedby": "key-why" })}
            onPress={() => setOpen("edit")}
          >
            {texts.edit.action}
          </WordButton>
          <WordButton
            isDisabled={why.rotate !== null}
            {...(why.rotate === null ? {} : { "aria-describedby": "key-why" })}
            onPress={() => setOpen("rotate")}
          >
            {texts.rotation.rotate}
          </WordButton>
          <span className="danger">
            <WordButton
              isDisabled={why.revoke !== null}
              {...(why.revoke === null ? {} : { "aria-describedby": "key-why" })}
              onPress={() => setOpen("revoke")}
            >
              {texts.revoke.action}
            </WordButton>
          </span>
        </>
      }
    >
      {why.rotate === null ? null : (
        <p id="key-why" className="field-hint why">
          {why.rotate}
        </p>
      )}
      {key.exposed_at === null ? null : (
        <div className="box box-error">
          <TriangleAlert aria-hidden size={19} />
          <p>{texts.detail.exposed(key.exposed_where ?? texts.detail.exposedPlace)}</p>
        </div>
      )}
      {key.state === "rotating" ? <RotationPanel record={key} onDone={renew} /> : null}
      <Facts record={key} />
      <UsagePanel id={key.id} />
      {open === "edit" ? (
        <EditDialog
          record={key}
          onClose={close}
          onSaved={(after) => {
            close();
            tell(texts.edit.saved(after.name));
            void renew();
          }}
        />
      ) : null}
      {open === "rotate" ? (
        <RotateDialog
          record={key}
          onClose={close}
          onMade={(made) => {
            close();
            setShown(made);
            void renew();
          }}
        />
      ) : null}
      {open === "revoke" ? <RevokeDialog record={key} onDone={renew} onClose={close} /> : null}
      {shown === null ? null : <SecretDialog shown={shown} onStored={() => setShown(null)} />}
    </Page>
  );
}

type Act = "edit" | "rotate" | "revoke";
type Reasons = (typeof keyTexts)["en"]["detail"];

/** Why the key cannot be changed, rotated or revoked now; null where it can. */
function reasonAgainst({ state }: Key, { cannot, cannotRotate }: Reasons): Record<Act, string | null> {
  if (state === "revoked") return { edit: cannot.revoked, rotate: cannot.revoked, revoke: cannot.revoked };
  if (state === "expired") return { edit: cannot.expired, rotate: cannot.expired, revoke: null };
  return { edit: null, rotate: state === "rotating" ? cannotRotate : null, revoke: null };
}

function Facts({ record: key }: { record: Key }) {
  const texts = useTexts(keyTexts);
  const never = texts.never;
  return (
    <section className="panel stack" aria-labelledby="facts">
      <div className="section-head">
        <h2 id="facts" className="section-title">
          {texts.detail.facts}
        </h2>
        <StateTag tone={STATE_TONE[key.state]}>{texts.states[key.state]}</StateTag>
        <KeyBadges record={key} />
      </div>
      <dl className="key-facts">
        <Fact name={texts.columns.kind}>{texts.kinds[key.kind]}</Fact>
        <Fact name={texts.detail.hint}>
          <code>{key.hint}</code>
        </Fact>
        {key.owner === null ? null : (
          <Fact name={texts.detail.owner}>{key.owner.name ?? texts.detail.removedOwner}</Fact>
        )}
        {key.service_account_id === null ? null : (
          <Fact name={texts.detail.account}>
            <AccountName id={key.service_account_id} />
          </Fact>
        )}
        <Fact name={texts.columns.created}>
          <Moment at={key.created_at} />
        </Fact>
        <Fact name={texts.columns.expires}>{key.expires_at === null ? never : <Moment at={key.expires_at} />}</Fact>
        {key.revoked_at === null ? null : (
          <Fact name={texts.detail.revoked}>
            <Moment at={key.revoked_at} />
          </Fact>
        )}
        <Fact name={texts.detail.lastUsed}>
          {key.last_used_at === null ? (
            texts.neverUsed
          ) : (
            <>
              <Moment at={key.last_used_at} />
              {key.last_used_ip === null ? null : (
                <>
                  {" "}
                  {texts.detail.lastUsedFrom} <code>{key.last_used_ip}</code>
                </>
              )}
            </>
          )}
        </Fact>
        <Fact name={texts.detail.lastAddress}>{key.last_ip === null ? "–" : <code>{key.last_ip}</code>}</Fact>
        <Fact name={texts.detail.createdBy}>
          <Who actor={key.created_by} />
        </Fact>
        <Fact name={texts.detail.addresses}>
          {key.ip_allow_list.length === 0 ? texts.anywhere : <code>{key.ip_allow_list.join(", ")}</code>}
        </Fact>
        <Fact name={texts.columns.scopes}>
          {key.scopes.length === 0 ? (
            key.owner === null ? (
              texts.noScopes
            ) : (
              texts.allOfRole
            )
          ) : (
            <code>{key.scopes.join(", ")}</code>
          )}
        </Fact>
      </dl>
    </section>
  );
}

function AccountName({ id }: { id: string }) {
  const account = useQuery(accountsQuery).data?.data.find((one) => one.id === id);
  return <>{account?.name ?? <code>{id}</code>}</>;
}
