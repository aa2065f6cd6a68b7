/** What came of an analysis: verdict, its account, the sources, warnings and the model's text. */

import { Download, RotateCw } from "lucide-react";
import { type ReactNode, useEffect, useRef } from "react";
import { useSpeech } from "../../i18n/language";
import { CopyButton, WordButton } from "../../kit/Buttons";
import { defang } from "../../lib/defang";
import { detect } from "../../lib/detect";
import { downloadJson } from "../../lib/download";
import { Account } from "./Account";
import { Advice } from "./Advice";
import { ErrorBox } from "./ErrorBox";
import { exportName, exportOf } from "./export";
import { NarrativePanel } from "./NarrativePanel";
import { SourceList } from "./SourceList";
import { type Analysis, isBusy, isFailureOfModel } from "./state";
import { VerdictPanel } from "./VerdictPanel";
import { WarningsBox } from "./WarningsBox";

interface ResultsProps {
  analysis: Analysis;
  again: () => void;
  openKeys: () => void;
  onPick: (value: string) => void;
  /** What keeps the result, for who may. */
  keep?: (value: string) => ReactNode;
}

export function Results({ analysis, again, openKeys, onPick, keep }: ResultsProps) {
  const { texts } = useSpeech();
  const { meta, failure, phase } = analysis;
  const isOfModel = isFailureOfModel(analysis);
  // The documented stream names no sources and gives no score: there is nothing to lay out for them.
  const isPlain = meta !== null && meta.sources.length === 0;
  return (
    <section className="results" aria-labelledby="result-heading">
      <ResultHead analysis={analysis} again={again} {...(keep ? { keep } : {})} />
      {failure !== null && !isOfModel ? <ErrorBox failure={failure} retry={again} openKeys={openKeys} /> : null}
      {phase === "stopped" ? <p className="notice">{texts.result.stopped}</p> : null}
      {meta !== null || phase === "analyzing" ? (
        <div className={isPlain ? "results-plain" : "results-grid"}>
          <VerdictPanel analysis={analysis} />
          {isPlain ? null : <Account analysis={analysis} />}
          {isPlain ? null : <SourceList analysis={analysis} onPick={onPick} />}
          <div className="after">
            <WarningsBox warnings={analysis.warnings} sources={analysis.sources} />
            <Advice analysis={analysis} openKeys={openKeys} />
            <NarrativePanel analysis={analysis} retry={again} openKeys={openKeys} />
          </div>
        </div>
      ) : null}
    </section>
  );
}

function ResultHead({ analysis, again, keep }: Omit<ResultsProps, "openKeys" | "onPick">) {
  const { texts } = useSpeech();
  const heading = useRef<HTMLHeadingElement>(null);
  const { run, asked, meta } = analysis;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus moves once for each analysis
  useEffect(() => heading.current?.focus(), [run]);
  const guess = detect(asked);
  const raw = meta?.value ?? guess?.value ?? asked;
  const shown = meta?.defanged ?? defang(raw);
  const kind = meta?.kind ?? guess?.kind ?? null;
  return (
    <header className="result-head">
      <div className="result-what">
        <h2 id="result-heading" ref={heading} tabIndex={-1} className="indicator">
          <span className="visually-hidden">{texts.result.headingFor("")}</span>
          <span className="mono">{shown}</span>
        </h2>
        {meta !== null && meta.display !== meta.value ? <bdi className="muted">{defang(meta.display)}</bdi> : null}
        {kind === null ? null : <span className="tag">{texts.kinds[kind]}</span>}
      </div>
      <div className="result-actions">
        <CopyButton text={raw} label={texts.result.copyRaw} />
        <CopyButton text={shown} label={texts.result.copyDefanged} />
        <WordButton variant="quiet" isDisabled={isBusy(analysis)} onPress={again}>
          <RotateCw aria-hidden size={15} />
          {texts.result.again}
        </WordButton>
        <WordButton
          isDisabled={isBusy(analysis) || meta === null}
          onPress={() => downloadJson(exportName(analysis), exportOf(analysis, new Date()))}
        >
          <Download aria-hidden size={15} />
          {texts.result.exportJson}
        </WordButton>
        {isBusy(analysis) || meta === null ? null : keep?.(meta.value)}
      </div>
    </header>
  );
}
