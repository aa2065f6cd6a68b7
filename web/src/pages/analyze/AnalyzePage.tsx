/** The analysis page: one indicator in, one explained verdict out, filling as the sources answer. */

import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useSpeech } from "../../i18n/language";
import { Announcement } from "../../kit/Live";
import { defang } from "../../lib/defang";
import { detect } from "../../lib/detect";
import { useHotkeys } from "../../lib/hotkeys";
import { AnalyzeForm } from "./AnalyzeForm";
import { readAddress, showInAddress } from "./address";
import { RecentList } from "./RecentList";
import { Results } from "./Results";
import { type Analysis, isBusy } from "./state";
import { useAnalysis } from "./useAnalysis";
import { useModels } from "./useModels";
import { useRecent } from "./useRecent";
import { wordOf } from "./VerdictPanel";
import { Welcome } from "./Welcome";

export function AnalyzePage({ openKeys }: { openKeys: () => void }) {
  const { language } = useSpeech();
  const wanted = useState(() => readAddress(window.location.search))[0];
  const [typed, setTyped] = useState(wanted.ioc);
  const field = useRef<HTMLInputElement>(null);
  const choice = useModels(wanted.model);
  const { analysis, start, stop, reset } = useAnalysis();
  const { recent, clear } = useRecent(analysis);
  const { modelId } = choice;

  const submit = useCallback(
    (ioc: string) => {
      if (ioc.trim() === "") return reset();
      showInAddress(ioc.trim());
      start({ ioc: ioc.trim(), model: modelId, language });
    },
    [language, modelId, reset, start],
  );
  const prefill = useCallback((value: string) => {
    setTyped(value);
    field.current?.focus();
  }, []);
  useHotkeys(useMemo(() => ({ "/": () => field.current?.focus() }), []));
  useFollowedAddress(setTyped);
  useRunAtOnce(wanted.runsAtOnce && choice.models !== undefined, () => submit(wanted.ioc));

  const form = (
    <AnalyzeForm
      fieldRef={field}
      typed={typed}
      onType={setTyped}
      onSubmit={() => submit(typed)}
      onStop={stop}
      isBusy={isBusy(analysis)}
      choice={choice}
    />
  );
  const isIdle = analysis.phase === "idle";
  return (
    <div className={isIdle ? "analyze analyze-idle" : "analyze"}>
      {form}
      {isIdle ? (
        <Welcome onPick={prefill} />
      ) : (
        <Results analysis={analysis} again={() => submit(analysis.asked)} openKeys={openKeys} onPick={prefill} />
      )}
      <RecentList items={recent} onPick={prefill} onClear={clear} />
      <Progress analysis={analysis} />
    </div>
  );
}

/** Back and forward put the address's indicator into the field; they start nothing. */
function useFollowedAddress(setTyped: (ioc: string) => void): void {
  useEffect(() => {
    const follow = () => setTyped(readAddress(window.location.search).ioc);
    window.addEventListener("popstate", follow);
    return () => window.removeEventListener("popstate", follow);
  }, [setTyped]);
}

function useRunAtOnce(isDue: boolean, run: () => void): void {
  const hasRun = useRef(false);
  useEffect(() => {
    if (!isDue || hasRun.current) return;
    hasRun.current = true;
    run();
  });
}

/** Tells a screen reader that the work began and what the final verdict is. */
function Progress({ analysis }: { analysis: Analysis }) {
  const { texts, formats } = useSpeech();
  const { phase, score, asked } = analysis;
  if (phase === "idle") return <Announcement message="" />;
  if (!score?.isFinal) {
    return <Announcement message={texts.result.announceStart(defang(detect(asked)?.value ?? asked))} />;
  }
  const number = score.score === null ? texts.result.notWeighed : formats.number(score.score);
  const confidence = texts.levels[score.confidence];
  return <Announcement message={texts.result.announce(wordOf(score, texts), number, confidence)} />;
}
