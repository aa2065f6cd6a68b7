/** Where a threat stands on its way, and when it came to each station. */

import { useQuery } from "@tanstack/react-query";
import { useTexts } from "../../i18n/texts";
import { Moment } from "../../kit/Times";
import { historyQuery } from "../threats/queries";
import type { Threat } from "../threats/threat";
import { threatWords } from "../threats/words";
import { stationsOf } from "./evidence";
import { threatTexts } from "./texts";

const GLYPH = { passed: "✓", current: "●", ahead: "○" } as const;

export function Life({ threat }: { threat: Threat }) {
  const texts = useTexts(threatTexts).life;
  const words = useTexts(threatWords);
  const steps = useQuery(historyQuery(threat.id)).data?.data ?? [];
  return (
    <section className="panel stack" aria-labelledby="life">
      <h2 id="life" className="section-title">
        {texts.heading}
      </h2>
      <ol className="stations">
        {stationsOf(threat.status, steps).map(({ status, state, at }) => (
          <li
            key={status}
            className="station"
            data-state={state}
            {...(state === "current" ? { "aria-current": "step" as const } : {})}
          >
            <span aria-hidden className="station-sign">
              {GLYPH[state]}
            </span>
            <span>
              {words.statuses[status]}
              <span className="visually-hidden">, {texts[state]}</span>
            </span>
            <span className="field-hint">{at === null || state === "ahead" ? null : <Moment at={at} />}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}
