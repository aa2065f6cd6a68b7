/** What this server looks with: each engine with its version, and what brings those that are not here. */

import { useQuery } from "@tanstack/react-query";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Fold } from "../../kit/Fold";
import { engineName } from "./engines";
import { newTexts } from "./newTexts";
import { enginesQuery } from "./queries";
import { scanWords } from "./words";

export function Engines() {
  const { formats } = useSpeech();
  const texts = useTexts(newTexts);
  const { data } = useQuery(enginesQuery);
  if (data === undefined) return null;
  const usable = data.data.filter(({ state }) => state === "built_in" || state === "ready").length;
  return (
    <Fold label={texts.engines(formats.number(usable), formats.number(data.data.length))}>{() => <EngineList />}</Fold>
  );
}

function EngineList() {
  const texts = useTexts(newTexts);
  const words = useTexts(scanWords);
  const { data } = useQuery(enginesQuery);
  return (
    <ul className="engine-list">
      {data?.data.map(({ name, version, state, command, reason }) => (
        <li key={name} className="engine">
          <span className="engine-name">{engineName(name, words.engines)}</span>
          <span className="field-hint">
            {state === "built_in" || version === null
              ? texts.engineStates[state]
              : `${version}, ${texts.engineStates[state]}`}
          </span>
          {command === null ? (
            reason === null ? null : (
              <span className="field-hint" lang="en">
                {reason}
              </span>
            )
          ) : (
            <code>{command}</code>
          )}
        </li>
      ))}
    </ul>
  );
}
