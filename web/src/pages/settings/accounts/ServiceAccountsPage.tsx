/** Service accounts: what each may at most, and what goes with it when it is deleted. */

import "../css/settings.css";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { answerOf, type Shapes, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { Asked, Empty } from "../../../kit/Asked";
import { WordButton } from "../../../kit/Buttons";
import { ConfirmDialog } from "../../../kit/ConfirmDialog";
import { Moment } from "../../../kit/Times";
import { useToast } from "../../../kit/Toasts";
import { isLiving } from "../keys/keys";
import { accountsQuery, keysQuery } from "../keys/queries";
import { ManagersPage } from "../ManagersPage";
import { AccountDialog } from "./AccountDialog";
import { accountTexts } from "./texts";

export type Account = Shapes["ServiceAccountReply"];

export function ServiceAccountsPage() {
  const texts = useTexts(accountTexts);
  const [isMaking, setMaking] = useState(false);
  return (
    <ManagersPage
      texts={texts}
      make={{ text: texts.create, icon: Plus, onPress: () => setMaking(true) }}
      list={<Accounts />}
    >
      {isMaking ? <AccountDialog account={null} onClose={() => setMaking(false)} /> : null}
    </ManagersPage>
  );
}

function Accounts() {
  const texts = useTexts(accountTexts);
  const query = useQuery(accountsQuery);
  const [editing, setEditing] = useState<Account | null>(null);
  const [removing, setRemoving] = useState<Account | null>(null);
  return (
    <>
      <Asked query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={texts.none}>{texts.noneLead}</Empty>
          ) : (
            <div className="table-box panel-table">
              <table className="table">
                <caption className="visually-hidden">{texts.title}</caption>
                <thead>
                  <tr>
                    <th scope="col">{texts.columns.name}</th>
                    <th scope="col">{texts.columns.scopes}</th>
                    <th scope="col">{texts.columns.created}</th>
                    <th scope="col">{texts.columns.actions}</th>
                  </tr>
                </thead>
                <tbody>
                  {data.map((account) => (
                    <tr key={account.id}>
                      <th scope="row" className="key-name">
                        {account.name}
                        <span className="field-hint key-hint">{account.description}</span>
                      </th>
                      <td className="scope-list">{account.scopes.join(", ") || texts.noScopes}</td>
                      <td>
                        <Moment at={account.created_at} />
                      </td>
                      <td>
                        <WordButton
                          variant="quiet"
                          aria-label={texts.editThis(account.name)}
                          onPress={() => setEditing(account)}
                        >
                          {texts.edit}
                        </WordButton>
                        <WordButton
                          variant="quiet"
                          aria-label={texts.removeThis(account.name)}
                          onPress={() => setRemoving(account)}
                        >
                          {texts.remove}
                        </WordButton>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Asked>
      {editing === null ? null : <AccountDialog account={editing} onClose={() => setEditing(null)} />}
      {removing === null ? null : <Removal account={removing} onClose={() => setRemoving(null)} />}
    </>
  );
}

/** Names the keys that go with the account before they go. */
function Removal({ account, onClose }: { account: Account; onClose: () => void }) {
  const texts = useTexts(accountTexts).removal;
  const client = useQueryClient();
  const tell = useToast();
  const keys = useInfiniteQuery(keysQuery({})).data?.pages.flatMap(({ data }) => data) ?? [];
  const names = keys.filter((key) => key.service_account_id === account.id && isLiving(key)).map(({ name }) => name);
  const remove = async () => {
    const { revoked_keys: revoked } = await answerOf(
      server.DELETE("/v3/service-accounts/{account_id}", { params: { path: { account_id: account.id } } }),
    );
    await Promise.all([
      client.invalidateQueries({ queryKey: accountsQuery.queryKey }),
      client.invalidateQueries({ queryKey: ["keys"] }),
    ]);
    tell(texts.done(account.name, revoked.length));
  };
  return (
    <ConfirmDialog
      title={texts.title(account.name)}
      lead={
        <>
          {texts.lead} <strong>{names.length === 0 ? texts.noKeys : names.join(", ")}</strong>
        </>
      }
      submit={texts.submit}
      onConfirm={remove}
      onClose={onClose}
    />
  );
}
