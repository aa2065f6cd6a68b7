/** Calls as stacked bars, drawn by ourselves: four rectangles a bar need no library of charts. */

import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { OUTCOMES, type Step } from "./usage";
import { usageTexts } from "./usageTexts";

const WIDTH = 720;
const HEIGHT = 140;
const GAP = 2;

interface UsageChartProps {
  steps: readonly Step[];
  /** Of a step, in milliseconds. */
  length: number;
  total: number;
}

export function UsageChart({ steps, length, total }: UsageChartProps) {
  const { formats } = useSpeech();
  const texts = useTexts(usageTexts);
  const most = Math.max(1, ...steps.map((step) => step.total));
  const label = texts.chart(total, formats.duration(length / 1000));
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
          {steps.map((step, at) => (
            <Bar key={step.at} step={step} at={at} width={WIDTH / steps.length} most={most} />
          ))}
        </svg>
      </div>
      {first === undefined || last === undefined ? null : (
        <div className="usage-axis" aria-hidden>
          <span>{formats.moment(new Date(first.at).toISOString())}</span>
          {last === first ? null : <span>{formats.moment(new Date(last.at).toISOString())}</span>}
        </div>
      )}
      <figcaption className="usage-legend">
        {OUTCOMES.map((outcome) => (
          <span key={outcome}>
            <i className="usage-sample" data-outcome={outcome} aria-hidden />
            {texts.outcomes[outcome]}{" "}
            <b>{formats.number(steps.reduce((sum, { counts }) => sum + counts[outcome], 0))}</b>
          </span>
        ))}
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
      {OUTCOMES.map((outcome) => {
        const height = (step.counts[outcome] / most) * HEIGHT;
        top -= height;
        return height === 0 ? null : (
          <rect
            key={outcome}
            data-outcome={outcome}
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
