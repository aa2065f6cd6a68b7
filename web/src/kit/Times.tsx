/** A moment as people tell it, and exactly when the pointer or a reader asks. */

import { useEffect, useState } from "react";
import { useSpeech } from "../i18n/language";

const STEP_MILLISECONDS = 30_000;

/** The present moment, half a minute old at most. */
export function useNow(stepMilliseconds = STEP_MILLISECONDS): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = window.setInterval(() => setNow(Date.now()), stepMilliseconds);
    return () => window.clearInterval(timer);
  }, [stepMilliseconds]);
  return now;
}

export function Moment({ at }: { at: string }) {
  const { formats } = useSpeech();
  const known = useNow();
  const time = Date.parse(at);
  if (Number.isNaN(time)) return <>{at}</>;
  // What has just happened is not to come, however long ago the clock was looked at.
  const now = time > known ? Math.max(known, Date.now()) : known;
  const text = time > now ? formats.inTime(time, now) : formats.ago(time, now);
  return (
    <time dateTime={at} title={formats.moment(at)}>
      {text}
    </time>
  );
}
