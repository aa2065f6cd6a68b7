/** All keys that the member may look at, those that need a look first, and the way to a new one. */

import "../css/settings.css";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Plus, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Asked, Empty } from "../../../kit/Asked";
import { WordButton } from "../../../kit/Buttons";
import { Choice } from "../../../kit/Choice";
import { Page } from "../../../kit/Page";
import { oneOf } from "../../../lib/oneOf";
import { useSession } from "../../../session/session";
import { More } from "../More";
import { CreateDialog, type MakerKind } from "./CreateDialog";
import { KeyTable } from "./KeyTable";
import { managesKeys, type ShownKey, STATES, type Tenant } from "./keys";
import { keysQuery, tenantQuery } from "./queries";
import { Report } from "./Report";
import { SecretDialog } from "./SecretDialog";
import { keyTexts } from "./texts";

export function KeysPage() {
  const { texts: shared } = useSpeech();
  const texts = useTexts(keyTexts);
  const session = useSession();
  const client = useQueryClient();
  const tenant = useQuery(tenantQuery).data;
  const [making, setMaking] = useState<MakerKind | null>(null);
  // The secret lives here alone: it goes when the dialog closes, and with the page.
  const [shown, setShown] = useState<ShownKey | null>(null);
  const isManaging = managesKeys(session);
  const isShut = tenant !== undefined && !tenant.api_access.personal_keys;
  const made = (key: ShownKey) => {
    setMaking(null);
    setShown(key);
    void client.invalidateQueries({ queryKey: ["keys"] });
  };
  return (
    <Page
      title={texts.title}
      lead={texts.lead}
      actions={
        <>
          {isManaging && tenant?.api_access.other_keys ? (
            <WordButton onPress={() => setMaking("tenant")}>{texts.createTenant}</WordButton>
          ) : null}
          <WordButton
            variant="primary"
            isDisabled={tenant === undefined || isShut}
            {...(isShut ? { "aria-describedby": "keys-gate" } : {})}
            onPress={() => setMaking("personal")}
          >
            <Plus aria-hidden size={16} />
            {texts.create}
          </WordButton>
        </>
      }
    >
      {isShut ? <Gate tenant={tenant} /> : null}
      {session && !isManaging ? <p className="field-hint">{texts.onlyOwn(shared.roles[session.member.role])}</p> : null}
      {isManaging ? <Report /> : null}
      <KeyList />
      {making === null ? null : <CreateDialog maker={making} onMade={made} onClose={() => setMaking(null)} />}
      {shown === null ? null : <SecretDialog shown={shown} onStored={() => setShown(null)} />}
    </Page>
  );
}

/** Why there is no new personal key, and what to do about it (check 119). */
function Gate({ tenant }: { tenant: Tenant }) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(keyTexts).gate;
  return (
    <section className="box box-warning" id="keys-gate" aria-labelledby="keys-gate-heading">
      <TriangleAlert aria-hidden size={19} />
      <div>
        <strong id="keys-gate-heading">{texts.heading}</strong>
        <p>
          {texts.lead(shared.plans[tenant.plan])} {tenant.api_access.other_keys ? texts.others : texts.closed}
        </p>
        <Link to="/settings/billing">{texts.billing}</Link>
      </div>
    </section>
  );
}

const route = getRouteApi("/inside/settings/api-keys");

function KeyList() {
  const texts = useTexts(keyTexts);
  const session = useSession();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const state = oneOf(search.state, STATES);
  const isMine = search.owner === "me";
  const filters = { ...(isMine ? { owner: "me" } : {}), ...(state === undefined ? {} : { state }) };
  const query = useInfiniteQuery(keysQuery(filters));
  const narrow = (change: typeof search) => void navigate({ search: { ...search, ...change }, replace: true });
  const isFiltered = Object.keys(filters).length > 0;
  return (
    <section className="stack" aria-label={texts.filters.label}>
      <div className="filter-row">
        {managesKeys(session) ? (
          <Choice
            label={texts.filters.whose}
            value={isMine ? "me" : "all"}
            options={[
              { id: "all", text: texts.filters.all },
              { id: "me", text: texts.filters.mine },
            ]}
            onChange={(owner) => narrow({ owner: owner === "me" ? "me" : undefined })}
          />
        ) : null}
        <Choice
          label={texts.filters.state}
          value={state ?? "any"}
          options={[
            { id: "any", text: texts.filters.anyState },
            ...STATES.map((id) => ({ id, text: texts.states[id] })),
          ]}
          onChange={(chosen) => narrow({ state: chosen === "any" ? undefined : chosen })}
        />
      </div>
      <Asked query={query}>
        {({ pages }) => {
          const keys = pages.flatMap(({ data }) => data);
          if (keys.length === 0 && isFiltered) {
            return (
              <Empty
                title={texts.emptyFiltered}
                action={
                  <WordButton onPress={() => narrow({ owner: undefined, state: undefined })}>
                    {texts.clearFilters}
                  </WordButton>
                }
              />
            );
          }
          if (keys.length === 0) return <Empty title={texts.empty}>{texts.emptyLead}</Empty>;
          return (
            <>
              <KeyTable keys={keys} />
              <More query={query} />
            </>
          );
        }}
      </Asked>
    </section>
  );
}
