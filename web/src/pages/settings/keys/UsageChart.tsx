/** Calls as stacked bars, drawn by ourselves: a few rectangles a bar need no library of charts. */

import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { callsOf, OUTCOMES, type Step } from "./usage";
import { usageTexts } from "./usageTexts";

const WIDTH = 720;
const HEIGHT = 140;
const GAP = 2;

interface UsageChartProps {
  steps: readonly Step[];
  /** What a step is called. */
  step: string;
}

export function UsageChart({ steps, step }: UsageChartProps) {
  const { formats } = useSpeech();
  const texts = useTexts(usageTexts);
  const most = Math.max(1, ...steps.map((one) => callsOf([one])));
  const old = callsOf(steps, { isOld: true });
  const label = texts.chart(callsOf(steps), step);
  const first = steps[0];
  const last = steps.at(-1);
  return (
    <figure className="usage-figure">
      <div className="usage-plot">
        <span className="usage-most" aria-hidden>
          {formats.number(most)}
        </span>
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} className="usage-chart" preserveAspectRatio="none" role="img">
          <title>{label}</title>
          {steps.map((one, at) => (
            <Bar key={one.at} step={one} at={at} width={WIDTH / steps.length} most={most} />
          ))}
        </svg>
      </div>
      {first === undefined || last === undefined ? null : (
        <div className="usage-axis" aria-hidden>
          <span>{formats.moment(first.at)}</span>
          {last === first ? null : <span>{formats.moment(last.at)}</span>}
        </div>
      )}
      <figcaption className="usage-legend">
        {OUTCOMES.map((outcome) => (
          <span key={outcome}>
            <i className="usage-sample" data-outcome={outcome} aria-hidden />
            {texts.outcomes[outcome]} <b>{formats.number(callsOf(steps, { outcome }))}</b>
          </span>
        ))}
        {old === 0 ? null : (
          <span>
            <i className="usage-sample" data-old aria-hidden />
            {texts.withOld} <b>{formats.number(old)}</b>
          </span>
        )}
      </figcaption>
    </figure>
  );
}

function Bar({ step, at, width, most }: { step: Step; at: number; width: number; most: number }) {
  let top = HEIGHT;
  // A lone bar as wide as the chart would look like a wall.
  const shown = Math.min(width - GAP, 48);
  return (
    <g>
      {step.counts.map(({ outcome, is_old_secret: isOld, calls }) => {
        const height = (calls / most) * HEIGHT;
        top -= height;
        return (
          <rect
            key={`${outcome} ${isOld}`}
            data-outcome={outcome}
            data-old={isOld || undefined}
            x={at * width + (width - shown) / 2}
            y={top}
            width={shown}
            height={height}
          />
        );
      })}
    </g>
  );
}
