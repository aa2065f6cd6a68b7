/** The field in which targets are typed, and below it what becomes of each. */

import { useTexts } from "../../i18n/texts";
import { Refused } from "../../kit/Asked";
import { WordField } from "../../kit/Fields";
import { newTexts } from "./newTexts";
import type { Preview } from "./search";
import { TargetChecks } from "./TargetChecks";
import { targetsIn } from "./targets";

interface TargetsFieldProps {
  typed: string;
  onChange: (typed: string) => void;
  preview: Preview | undefined;
  isChecking: boolean;
  fault: unknown;
  rows: number;
  autoFocus?: boolean;
}

export function TargetsField({ typed, onChange, preview, isChecking, fault, ...field }: TargetsFieldProps) {
  const texts = useTexts(newTexts);
  const targets = targetsIn(typed);
  return (
    <>
      <WordField label={texts.targets} hint={texts.targetsHint} isMono value={typed} onChange={onChange} {...field} />
      <TargetChecks
        targets={targets}
        preview={preview}
        isChecking={isChecking}
        onReplace={(before, after) => onChange(targets.map((one) => (one === before ? after : one)).join("\n"))}
        onLeaveOut={() => {
          const out = new Set(preview?.refused.map(({ target }) => target));
          onChange(targets.filter((one) => !out.has(one)).join("\n"));
        }}
      />
      {fault === null ? null : <Refused error={fault} />}
    </>
  );
}
