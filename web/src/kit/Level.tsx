/** How much of something limited is used: in numbers, as a bar, and in a word where it is full. */

import "./css/level.css";
import type { ReactNode } from "react";
import type { Tone } from "./Tags";

interface LevelProps {
  used: number;
  limit: number;
  /** Both numbers as people read them. */
  said: string;
  /** Of what, for who does not see the place of the bar. */
  label: string;
  tone?: Tone;
  children?: ReactNode;
}

export function Level({ used, limit, said, label, tone, children }: LevelProps) {
  return (
    <span className="level" {...(tone === undefined ? {} : { "data-tone": tone })}>
      {said}
      <progress className="track" max={limit} value={Math.min(used, limit)} aria-label={`${label}: ${said}`} />
      {children}
    </span>
  );
}
