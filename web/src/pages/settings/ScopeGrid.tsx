/** Scopes as pairs by area: what may be read, and what may be changed. */

import { useTexts } from "../../i18n/texts";
import { WordButton } from "../../kit/Buttons";
import { Tick } from "../../kit/Fields";
import { AREAS, type Scope } from "./keys/keys";
import { keyTexts } from "./keys/texts";

interface ScopeGridProps {
  chosen: ReadonlySet<string>;
  onChange: (chosen: ReadonlySet<string>) => void;
  /** What the member has themselves: nobody gives more. */
  held: readonly string[];
  isReadOnly?: boolean;
}

export function ScopeGrid({ chosen, onChange, held, isReadOnly = false }: ScopeGridProps) {
  const texts = useTexts(keyTexts).scopes;
  const isOpen = (scope: string, isReading: boolean) => held.includes(scope) && (isReading || !isReadOnly);
  const open = AREAS.flatMap(({ reads, writes }) => [
    ...reads.filter((scope) => isOpen(scope, true)),
    ...writes.filter((scope) => isOpen(scope, false)),
  ]);
  const set = (scope: string, isChosen: boolean) => {
    const next = new Set(chosen);
    if (isChosen) next.add(scope);
    else next.delete(scope);
    onChange(next);
  };
  const tick = (scope: Scope, area: string, word: string, isReading: boolean) => (
    <Tick
      key={scope}
      isSelected={chosen.has(scope)}
      isDisabled={!isOpen(scope, isReading)}
      onChange={(isChosen) => set(scope, isChosen)}
    >
      <span className="visually-hidden">{`${area}: `}</span>
      {word}
    </Tick>
  );
  const isShort = AREAS.some(({ reads, writes }) => [...reads, ...writes].some((scope) => !held.includes(scope)));
  return (
    <div className="scope-grid">
      <div className="scope-actions">
        <WordButton variant="quiet" onPress={() => onChange(new Set(open))}>
          {texts.all}
        </WordButton>
        <WordButton variant="quiet" onPress={() => onChange(new Set())}>
          {texts.none}
        </WordButton>
      </div>
      <ul>
        {AREAS.map(({ id, reads, writes }) => (
          <li key={id} className="scope-row">
            <span className="scope-area">{texts.areas[id]}</span>
            <span className="scope-ticks">{reads.map((scope) => tick(scope, texts.areas[id], texts.read, true))}</span>
            <span className="scope-ticks">
              {writes.map((scope) => tick(scope, texts.areas[id], wordOf(scope, texts), false))}
            </span>
          </li>
        ))}
      </ul>
      {isReadOnly ? <p className="field-hint">{texts.readOnly}</p> : null}
      {isShort ? <p className="field-hint">{texts.notHeld}</p> : null}
    </div>
  );
}

function wordOf(scope: Scope, texts: { write: string; upload: string; manage: string }): string {
  if (scope === "scan:upload") return texts.upload;
  return scope === "keys:manage" ? texts.manage : texts.write;
}
