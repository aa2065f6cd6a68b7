/** The keys as rows: what each is, how it stands, and when it was last used from where. */

import { Link } from "@tanstack/react-router";
import { useTexts } from "../../../i18n/texts";
import { PanelTable } from "../../../kit/PanelTable";
import { StateTag } from "../../../kit/Tags";
import { Moment } from "../../../kit/Times";
import { isLiving, type Key, STATE_TONE } from "./keys";
import { SecretChips } from "./SecretChips";
import { keyTexts } from "./texts";

const COLUMNS = ["name", "kind", "state", "scopes", "created", "expires", "lastUsed", "lastAddress"] as const;

export function KeyTable({ keys }: { keys: readonly Key[] }) {
  const texts = useTexts(keyTexts);
  return (
    <PanelTable title={texts.title} columns={COLUMNS} texts={texts.columns}>
      {keys.map((key) => (
        <Row key={key.id} record={key} />
      ))}
    </PanelTable>
  );
}

function Row({ record: key }: { record: Key }) {
  const texts = useTexts(keyTexts);
  return (
    <tr data-ended={!isLiving(key)}>
      <th scope="row" className="key-name">
        <Link to="/settings/api-keys/$id" params={{ id: key.id }}>
          {key.name}
        </Link>{" "}
        <KeyBadges record={key} />
        <span className="mono field-hint key-hint">{key.hint}</span>
        {key.state === "rotating" ? <SecretChips record={key} /> : null}
      </th>
      <td>
        {texts.kinds[key.kind]}
        {key.owner === null ? null : (
          <span className="field-hint key-hint">{key.owner.name ?? texts.detail.removedOwner}</span>
        )}
      </td>
      <td>
        <StateTag tone={STATE_TONE[key.state]}>{texts.states[key.state]}</StateTag>
      </td>
      <td title={key.scopes.join(", ")}>
        <ScopeCount record={key} />
      </td>
      <td>
        <Moment at={key.created_at} />
      </td>
      <td>{key.expires_at === null ? texts.never : <Moment at={key.expires_at} />}</td>
      <td>{key.last_used_at === null ? texts.neverUsed : <Moment at={key.last_used_at} />}</td>
      <td className="mono">{key.last_ip ?? "–"}</td>
    </tr>
  );
}

/** That a key sees made-up data only is said wherever it is named. */
export function KeyBadges({ record: { environment } }: { record: Key }) {
  const texts = useTexts(keyTexts);
  return environment === "sandbox" ? <StateTag tone="warn">{texts.test}</StateTag> : null;
}

function ScopeCount({ record: { scopes, owner } }: { record: Key }) {
  const texts = useTexts(keyTexts);
  if (scopes.length > 0) return <>{texts.scopeCount(scopes.length)}</>;
  return <>{owner === null ? texts.noScopes : texts.allOfRole}</>;
}
