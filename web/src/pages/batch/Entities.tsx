/** Hosts and users by what their matches add up to. */

import type { Shapes } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Fold } from "../../kit/Fold";
import { matrixTexts } from "../../kit/matrixTexts";
import { StateTag } from "../../kit/Tags";
import { Moment } from "../../kit/Times";
import { batchTexts } from "./texts";

type Entity = Shapes["EntityReply"];

type Words = Readonly<Record<string, string>>;

const SHOWN = 8;

export function Entities({ entities }: { entities: readonly Entity[] }) {
  const texts = useTexts(batchTexts).entities;
  const list = (some: readonly Entity[]) => (
    <ul className="rows">
      {some.map((entity) => (
        <Line key={`${entity.kind} ${entity.name}`} entity={entity} />
      ))}
    </ul>
  );
  return (
    <section className="panel stack" aria-labelledby="entities">
      <div>
        <h2 id="entities" className="section-title">
          {texts.heading}
        </h2>
        <p className="field-hint">{texts.lead}</p>
      </div>
      {entities.length === 0 ? <p className="empty">{texts.none}</p> : list(entities.slice(0, SHOWN))}
      {entities.length > SHOWN ? (
        <Fold label={texts.more(entities.length - SHOWN)}>{() => list(entities.slice(SHOWN))}</Fold>
      ) : null}
    </section>
  );
}

function Line({ entity }: { entity: Entity }) {
  const { formats, texts: shared } = useSpeech();
  const texts = useTexts(batchTexts).entities;
  const { tactics } = useTexts(matrixTexts);
  const nameOf = (tactic: string) => (tactics as Readonly<Record<string, string>>)[tactic] ?? tactic;
  const named = ({ title, verdict, indicator }: Entity["breakdown"][number]) =>
    verdict && indicator
      ? `${(shared.verdicts as Words)[verdict]}: ${(shared.kinds as Words)[indicator] ?? texts.file}`
      : title;
  return (
    <li className="entity">
      <p className="entity-head">
        <span className="muted">{texts.kinds[entity.kind]}</span> <span className="row-title mono">{entity.name}</span>
        <span className="grow" />
        {entity.is_incident ? <StateTag tone="bad">{texts.incident}</StateTag> : null}
        <strong title={texts.risk}>
          <span className="visually-hidden">{texts.risk} </span>
          {formats.number(entity.risk_score)}
        </strong>
      </p>
      <span className="share-track" aria-hidden>
        <span style={{ inlineSize: `${Math.min(100, entity.risk_score)}%` }} />
      </span>
      <p className="field-hint">
        {texts.matches(entity.matches)} · <Moment at={entity.at} />
        {entity.tactics.length === 0 ? null : ` · ${entity.tactics.map(nameOf).join(", ")}`}
      </p>
      <Fold label={texts.made} fullLabel={`${texts.made}: ${entity.name}`}>
        {() => (
          <ul className="points">
            {entity.breakdown.map((part) => (
              <li key={part.rule_id ?? part.title}>
                <span>{named(part)}</span>
                <span className="cell-number">{formats.points(part.points)}</span>
              </li>
            ))}
          </ul>
        )}
      </Fold>
    </li>
  );
}
