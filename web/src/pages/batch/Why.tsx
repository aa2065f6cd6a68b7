/** Why a rule fired on an event: what it asked for, what was found, what would have excluded it; and the whole of it. */

import { useQuery } from "@tanstack/react-query";
import type { Shapes } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { Asked } from "../../kit/Asked";
import { Fold } from "../../kit/Fold";
import { StateTag, type Tone } from "../../kit/Tags";
import { whyQuery } from "../telemetry/queries";
import { cutAt, exclusionsIn, harmless, type Match, type Part, reasonsIn } from "./batch";
import { batchTexts } from "./texts";

interface WhyProps {
  rule: Match["rule"];
  event: string;
}

export function Why({ rule, event }: WhyProps) {
  const texts = useTexts(batchTexts).why;
  const query = useQuery(whyQuery(rule.rule_id, event));
  return (
    <section className="stack" aria-labelledby="why">
      <h4 id="why" className="section-title">
        {texts.heading}
      </h4>
      <Asked query={query}>
        {({ records }) =>
          speaking(records).map(({ verdict, condition }, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a record of an event is its place
            <div key={place} className="stack">
              {speaking(records).length === 1 ? null : <p className="field-label">{texts.record(place + 1)}</p>}
              <p>{texts.verdicts[verdict]}</p>
              <Reasons condition={condition} />
              <Exclusions condition={condition} />
              <Fold label={texts.whole}>
                {() => (
                  <ul className="parts">
                    <Branch part={condition} />
                  </ul>
                )}
              </Fold>
            </div>
          ))
        }
      </Asked>
    </section>
  );
}

type Said = Shapes["RecordReply"];

/** Of an event that is several records those on which the rule fires, else all. */
function speaking(records: readonly Said[]): readonly Said[] {
  const firing = records.filter(({ verdict }) => verdict === "fires" || verdict === "fires_uncertain");
  return firing.length === 0 ? records : firing;
}

function Reasons({ condition }: { condition: Part }) {
  const texts = useTexts(batchTexts).why;
  const reasons = reasonsIn(condition);
  if (reasons.length === 0) return null;
  return (
    <div className="table-frame">
      <table className="reasons">
        <caption className="visually-hidden">{texts.heading}</caption>
        <thead>
          <tr>
            <th scope="col">{texts.field}</th>
            <th scope="col">{texts.asked}</th>
            <th scope="col">{texts.found}</th>
          </tr>
        </thead>
        <tbody>
          {reasons.map((part) => (
            <tr key={`${part.field} ${part.kind} ${part.pattern}`}>
              <th scope="row" className="mono">
                {part.field ?? texts.anyField}
              </th>
              <td>
                <Question part={part} />
              </td>
              <td>
                <Values part={part} values={part.matched.length === 0 ? part.value : part.matched} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Question({ part }: { part: Part }) {
  const texts = useTexts(batchTexts).why;
  const kinds: Readonly<Record<string, string>> = texts.kinds;
  return (
    <>
      {kinds[part.kind ?? ""] ?? part.kind}{" "}
      {part.pattern === null || part.pattern === "" ? null : <code>{harmless(part.pattern)}</code>}
    </>
  );
}

/** Each value with what was asked for marked in it. */
function Values({ part, values }: { part: Part; values: readonly string[] }) {
  const texts = useTexts(batchTexts).why;
  if (values.length === 0) return <span className="muted">{texts.absent}</span>;
  return values.map((value) => {
    const [before, found, after] = cutAt(harmless(value), harmless(part.pattern ?? ""));
    return (
      <span key={value} className="mono found-value">
        {before}
        {found === "" ? null : <mark>{found}</mark>}
        {after}
      </span>
    );
  });
}

function Exclusions({ condition }: { condition: Part }) {
  const texts = useTexts(batchTexts).why;
  const exclusions = exclusionsIn(condition);
  if (exclusions.length === 0) return null;
  return (
    <p className="field-hint">
      {texts.exclusions}{" "}
      {exclusions.map(({ name, outcome }, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two may have no name
        <span key={place} className="burst-group">
          <span className="mono">{name ?? texts.unnamed}</span> ({texts.excluded[outcome]})
        </span>
      ))}
    </p>
  );
}

const TONES: Record<Part["outcome"], Tone> = { true: "good", false: "plain", unknown: "warn" };
const SILENT_SHOWN = 3;

/** A part of the condition and all below it; of many that do not hold only the first few at first. */
function Branch({ part }: { part: Part }) {
  const texts = useTexts(batchTexts).why;
  const signs: Readonly<Record<string, string>> = texts.signs;
  return (
    <li>
      <p className="part">
        <StateTag tone={TONES[part.outcome]}>{texts.outcomes[part.outcome]}</StateTag>
        {part.name === null ? null : <span className="mono part-name">{part.name}</span>}
        {part.sign === "asks" ? (
          <>
            <span className="mono">{part.field ?? texts.anyField}</span>
            <span>
              <Question part={part} />
            </span>
            <span className="muted">
              {texts.found}: <Values part={part} values={part.value} />
            </span>
          </>
        ) : (
          <span className="muted">{signs[part.sign] ?? part.sign}</span>
        )}
        {part.note === null ? null : <span className="field-hint">{part.note}</span>}
      </p>
      {part.of.length === 0 ? null : <Below parts={part.of} />}
    </li>
  );
}

function Below({ parts }: { parts: readonly Part[] }) {
  const texts = useTexts(batchTexts).why;
  const silent = parts.filter(({ outcome, sign }) => outcome === "false" && sign === "asks");
  const hidden = new Set(silent.slice(SILENT_SHOWN));
  const list = (some: readonly Part[]) => (
    <ul className="parts">
      {some.map((part, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
        <Branch key={place} part={part} />
      ))}
    </ul>
  );
  return (
    <>
      {list(parts.filter((part) => !hidden.has(part)))}
      {hidden.size === 0 ? null : <Fold label={texts.silent(hidden.size)}>{() => list([...hidden])}</Fold>}
    </>
  );
}
