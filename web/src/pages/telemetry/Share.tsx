/** How much of something is done. */

import { ProgressBar } from "react-aria-components";

export function Share({ share, label }: { share: number; label: string }) {
  return (
    <ProgressBar className="share" aria-label={label} value={100 * share}>
      {({ percentage, valueText }) => (
        <>
          <span className="share-track" aria-hidden>
            <span style={{ inlineSize: `${percentage ?? 0}%` }} />
          </span>
          <span className="share-text">{valueText}</span>
        </>
      )}
    </ProgressBar>
  );
}
