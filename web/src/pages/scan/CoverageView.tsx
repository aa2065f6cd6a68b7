/** What was looked at and what not, per asset and engine, and why: nothing is called clean that nobody looked at. */

import { Link } from "@tanstack/react-router";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Empty } from "../../kit/Asked";
import { HeadRow } from "../../kit/HeadRow";
import { StateTag, type Tone } from "../../kit/Tags";
import { oneOf } from "../../lib/oneOf";
import { engineName } from "../scans/engines";
import type { ScanDetail } from "../scans/search";
import { scanWords } from "../scans/words";
import { scanTexts } from "./texts";

const STATES = ["not_reached", "failed", "not_tested", "covered"] as const;
type State = (typeof STATES)[number];
const TONE: Record<State, Tone> = { covered: "good", not_reached: "plain", failed: "bad", not_tested: "warn" };
const COLUMNS = ["state", "asset", "engine", "places", "reason"] as const;

export function CoverageView({ scan, state }: { scan: ScanDetail; state: string | undefined }) {
  const { formats } = useSpeech();
  const texts = useTexts(scanTexts).coverage;
  const words = useTexts(scanWords);
  const wanted = oneOf(state, STATES);
  const lines = STATES.filter((one) => wanted === undefined || one === wanted).flatMap((one) =>
    scan.coverage.filter((line) => line.state === one),
  );
  const total = Object.values(scan.coverage_counts).reduce((sum, count) => sum + count, 0);
  return (
    <>
      <p className="muted">{texts.lead}</p>
      <ul className="coverage-states">
        {STATES.map((one) => (
          <li key={one}>
            <Link
              to="/scans/$id"
              params={{ id: scan.id }}
              search={{ view: "coverage", ...(one === wanted ? {} : { state: one }) }}
              resetScroll={false}
              className="coverage-state"
              data-here={one === wanted || undefined}
              {...(one === wanted ? { "aria-current": "true" as const } : {})}
            >
              <span>
                <StateTag tone={TONE[one]}>{texts.states[one]}</StateTag>
              </span>
              <strong>{formats.number(scan.coverage_counts[one] ?? 0)}</strong>
              <span className="field-hint">{texts.meanings[one]}</span>
            </Link>
          </li>
        ))}
      </ul>
      {lines.length === 0 ? (
        <Empty title={texts.none} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <section className="table-box panel" tabIndex={0} aria-label={texts.heading}>
          <table className="table coverage-table">
            <caption className="visually-hidden">{texts.heading}</caption>
            <HeadRow columns={COLUMNS} texts={texts} />
            <tbody>
              {lines.map((line) => (
                <tr key={`${line.asset} ${line.engine} ${line.state} ${line.reason} ${line.places.join()}`}>
                  <td>
                    <StateTag tone={TONE[line.state]}>{texts.states[line.state]}</StateTag>
                  </td>
                  <th scope="row" className="mono">
                    {line.asset}
                  </th>
                  <td>{engineName(line.engine, words.engines)}</td>
                  <td className="mono coverage-places">{placesOf(line.places)}</td>
                  <td>{line.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {total > scan.coverage.length ? <p className="field-hint">{texts.limit}</p> : null}
    </>
  );
}

const PLACES_SHOWN = 6;

function placesOf(places: readonly string[]): string {
  const shown = places.slice(0, PLACES_SHOWN).join(", ");
  return places.length > PLACES_SHOWN ? `${shown} +${places.length - PLACES_SHOWN}` : shown;
}
