/** Text as it came, in a box that scrolls, with a button that copies all of it where there is a label for one. */

import { CopyButton } from "./Buttons";

interface RawTextProps {
  text: string;
  copy?: string;
  /** So many characters are shown. */
  most?: number;
}

export function RawText({ text, copy, most = text.length }: RawTextProps) {
  return (
    <>
      {copy === undefined ? null : <CopyButton text={text} label={copy} />}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <pre className="raw" tabIndex={0}>
        {text.slice(0, most)}
      </pre>
    </>
  );
}
