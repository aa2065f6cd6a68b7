/** What a key may do: as its owner, where it has one, or only what is chosen. */

import { useTexts } from "../../../i18n/texts";
import { Choice } from "../../../kit/Choice";
import { useSession } from "../../../session/session";
import { ScopeGrid } from "../ScopeGrid";
import { isOfMember, isReadOnly, type KeyKind, type Scope } from "./keys";
import { keyTexts } from "./texts";

export interface ScopeWish {
  breadth: "all" | "chosen";
  chosen: ReadonlySet<string>;
}

/** As the server has them: of a member's key none means all that the member may. */
export function scopesOf({ breadth, chosen }: ScopeWish): Scope[] {
  return breadth === "all" ? [] : ([...chosen].sort() as Scope[]);
}

/** Whether nothing was chosen where that would give everything. */
export function isWithoutScope(kind: KeyKind, { breadth, chosen }: ScopeWish): boolean {
  return isOfMember(kind) && breadth === "chosen" && chosen.size === 0;
}

interface ScopeFieldsProps {
  kind: KeyKind;
  /** What is said for all that a member may: mine, or somebody else's. */
  all: string;
  wish: ScopeWish;
  onChange: (wish: ScopeWish) => void;
}

export function ScopeFields({ kind, all, wish, onChange }: ScopeFieldsProps) {
  const texts = useTexts(keyTexts).form;
  const session = useSession();
  return (
    <fieldset className="field fieldset">
      <legend className="field-label">{texts.scopes}</legend>
      {isOfMember(kind) ? (
        <Choice
          label={texts.scopes}
          value={wish.breadth}
          options={[
            { id: "all", text: all },
            { id: "chosen", text: texts.scopesChosen },
          ]}
          onChange={(breadth) => onChange({ ...wish, breadth })}
        />
      ) : null}
      {wish.breadth === "chosen" ? (
        <ScopeGrid
          chosen={wish.chosen}
          onChange={(chosen) => onChange({ ...wish, chosen })}
          held={session?.scopes ?? []}
          isReadOnly={isReadOnly(kind)}
        />
      ) : null}
      {isWithoutScope(kind, wish) ? <p className="field-error">{texts.scopesMissing}</p> : null}
    </fieldset>
  );
}
