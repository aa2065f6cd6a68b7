/** The analysis page: one indicator in, one explained verdict out, filling as the sources answer. */

import { useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useSpeech } from "../../i18n/language";
import { Announcement } from "../../kit/Live";
import { defang } from "../../lib/defang";
import { detect } from "../../lib/detect";
import { useHotkeys } from "../../lib/hotkeys";
import { useTitle } from "../../lib/title";
import { can, useSession } from "../../session/session";
import { useOpenDialog } from "../../shell/useDialogs";
import { AnalyzeForm } from "./AnalyzeForm";
import { readAddress, showInAddress } from "./address";
import { RecentList } from "./RecentList";
import { type Analysis, isBusy } from "./state";
import { useAnalysis } from "./useAnalysis";
import { useModels } from "./useModels";
import { useRecent } from "./useRecent";
import { wordOf } from "./VerdictPanel";
import { Welcome } from "./Welcome";

const loadResults = async () => ({ default: (await import("./Results")).Results });
const Results = lazy(loadResults);
const KeepButton = lazy(() => import("./KeepButton"));
const keep = (value: string) => (
  <Suspense>
    <KeepButton value={value} />
  </Suspense>
);

export function AnalyzePage() {
  const { language, texts } = useSpeech();
  useTitle(texts.pageTitle);
  // At once after the form is there: whoever starts an analysis must not wait for it, or lose it with the connection.
  useEffect(() => void loadResults().catch(() => undefined), []);
  const openDialog = useOpenDialog();
  const openKeys = useCallback(() => openDialog("keys"), [openDialog]);
  const wanted = useState(() => readAddress(window.location.search))[0];
  const [typed, setTyped] = useState(wanted.ioc);
  const field = useRef<HTMLInputElement>(null);
  const choice = useModels(wanted.model);
  const { analysis, start, stop, reset } = useAnalysis();
  const { recent, clear } = useRecent(analysis);
  const { modelId } = choice;
  const session = useSession();
  const mayKeep = can(session, "threat:read") && session?.member.role !== "viewer";

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
  const run = useCallback(
    (ioc: string) => {
      setTyped(ioc);
      submit(ioc);
    },
    [submit],
  );
  useRunAtOnce(choice.models !== undefined, run);

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
        <Suspense>
          <Results
            analysis={analysis}
            again={() => submit(analysis.asked)}
            openKeys={openKeys}
            onPick={prefill}
            {...(mayKeep ? { keep } : {})}
          />
        </Suspense>
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

/** An address that says run=1 starts its analysis, at the first visit and when the palette leads there. */
function useRunAtOnce(isReady: boolean, run: (ioc: string) => void): void {
  // Where the way has ended, not where it is just leading: the browser's own address may still be the old one.
  const search = useRouterState({ select: ({ resolvedLocation }) => resolvedLocation?.searchStr ?? "" });
  const lastRun = useRef("");
  useEffect(() => {
    const { ioc, runsAtOnce } = readAddress(search);
    if (!runsAtOnce) lastRun.current = "";
    if (!runsAtOnce || !isReady || lastRun.current === search) return;
    lastRun.current = search;
    run(ioc);
  }, [search, isReady, run]);
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
