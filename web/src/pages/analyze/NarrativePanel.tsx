/** The model's text: streamed, marked as an opinion, and kept apart from the score. */

import { Bot, TriangleAlert } from "lucide-react";
import { lazy, Suspense, useDeferredValue } from "react";
import { useSpeech } from "../../i18n/language";
import { WordButton } from "../../kit/Buttons";
import { SpokenText } from "../../kit/Live";
import { ErrorBox } from "./ErrorBox";
import { type Analysis, isBusy, isFailureOfModel, isModelMissing } from "./state";

// Loaded when the first text arrives: the reader of Markdown is a third of this page's weight.
const Markdown = lazy(() => import("./Markdown"));

interface NarrativePanelProps {
  analysis: Analysis;
  retry: () => void;
  openKeys: () => void;
}

export function NarrativePanel({ analysis, retry, openKeys }: NarrativePanelProps) {
  const { texts } = useSpeech();
  const { text, model, failure, phase, meta } = analysis;
  return (
    <section className="panel narrative" aria-labelledby="narrative-heading" aria-busy={phase === "streaming"}>
      <header className="section-head">
        <h3 id="narrative-heading" className="section-title">
          {texts.narrative.heading}
        </h3>
        <span className="grow" />
        {text === "" ? null : (
          <span className="tag badge">
            <Bot aria-hidden size={14} />
            {texts.narrative.badge(model || texts.narrative.blank)}
          </span>
        )}
      </header>
      <Disagreement analysis={analysis} />
      {text === "" ? (
        <NoText analysis={analysis} openKeys={openKeys} />
      ) : (
        <Prose text={text} raw={meta?.value ?? ""} shown={meta?.defanged ?? ""} isWriting={phase === "streaming"} />
      )}
      <Opinion analysis={analysis} />
      {failure !== null && isFailureOfModel(analysis) ? (
        <ErrorBox failure={failure} isOfModel retry={retry} openKeys={openKeys} />
      ) : null}
      <SpokenText markdown={text} isFinished={phase === "done"} />
    </section>
  );
}

interface ProseProps {
  text: string;
  /** The indicator as it is, and the harmless form that replaces it. */
  raw: string;
  shown: string;
  isWriting: boolean;
}

function Prose({ text, raw, shown, isWriting }: ProseProps) {
  const { texts } = useSpeech();
  const calm = useDeferredValue(text);
  return (
    <>
      <div className="prose" data-testid="narrative-text">
        <Suspense fallback={<p>{text}</p>}>
          <Markdown text={calm} raw={raw} shown={shown} />
        </Suspense>
      </div>
      <p className="writing" data-writing={isWriting}>
        {isWriting ? texts.narrative.writing : ""}
      </p>
    </>
  );
}

function NoText({ analysis, openKeys }: { analysis: Analysis; openKeys: () => void }) {
  const { texts } = useSpeech();
  if (isModelMissing(analysis.warnings)) {
    return (
      <div className="empty">
        <strong>{texts.narrative.missingHeading}</strong>
        <p>{texts.narrative.missing}</p>
        <WordButton onPress={openKeys}>{texts.narrative.addKey}</WordButton>
      </div>
    );
  }
  if (isBusy(analysis)) return <p className="empty">{texts.narrative.waiting}</p>;
  if (analysis.phase === "stopped") return <p className="empty">{texts.narrative.stopped}</p>;
  return analysis.failure === null ? <p className="empty">{texts.narrative.notAsked}</p> : null;
}

function Opinion({ analysis: { narrative } }: { analysis: Analysis }) {
  const { texts } = useSpeech();
  if (narrative?.verdict == null) return null;
  const confidence =
    narrative.confidence === null ? "" : `, ${texts.narrative.opinionConfidence(texts.levels[narrative.confidence])}`;
  return (
    <p className="opinion">
      {texts.narrative.opinion(texts.verdicts[narrative.verdict])}
      {confidence}
    </p>
  );
}

function Disagreement({ analysis: { disagrees, narrative, score } }: { analysis: Analysis }) {
  const { texts } = useSpeech();
  if (!disagrees) return null;
  const said = narrative?.verdict;
  return (
    <p className="disagrees">
      <TriangleAlert aria-hidden size={16} />
      {said && score
        ? texts.narrative.disagrees(texts.verdicts[said], texts.verdicts[score.verdict])
        : texts.narrative.disagreesPlain}
    </p>
  );
}
