/** What a screen reader is told while the page changes: politely, and whole sentences only. */

import { useEffect, useState } from "react";
import { sentencesOf } from "../lib/sentences";

/** Says a new message once; the region itself is there from the start, or readers would miss the first. */
export function Announcement({ message }: { message: string }) {
  return (
    <div className="visually-hidden" aria-live="polite" aria-atomic="true">
      {message}
    </div>
  );
}

// Long enough to be queued by a reader, short enough not to be met twice when walking through the page.
const KEPT_MILLISECONDS = 5000;

/** Adds each sentence of a growing Markdown text when it is complete; empty again some time after the end. */
export function SpokenText({ markdown, isFinished }: { markdown: string; isFinished: boolean }) {
  const [sentences, setSentences] = useState<string[]>([]);
  useEffect(() => {
    setSentences((spoken) => {
      const complete = sentencesOf(markdown, isFinished);
      return complete.length === spoken.length ? spoken : complete;
    });
  }, [markdown, isFinished]);
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    setOver(false);
    if (!isFinished) return;
    const timer = window.setTimeout(() => setOver(true), KEPT_MILLISECONDS);
    return () => window.clearTimeout(timer);
  }, [isFinished]);
  return (
    <div className="visually-hidden" aria-live="polite">
      {(isOver ? [] : sentences).map((sentence, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: sentences are only ever added at the end
        <p key={at}>{sentence}</p>
      ))}
    </div>
  );
}
