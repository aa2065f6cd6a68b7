/** Each target that was typed: whether it may be scanned, why not, and what to do then. */

import { Link } from "@tanstack/react-router";
import { useTexts } from "../../i18n/texts";
import { CopyButton, WordButton } from "../../kit/Buttons";
import { Announcement } from "../../kit/Live";
import { StateTag } from "../../kit/Tags";
import { useSession } from "../../session/session";
import { newTexts } from "./newTexts";
import type { Preview } from "./search";
import { kindOf, meantBy } from "./targets";
import { scanWords } from "./words";

type RefusedTarget = Preview["refused"][number];

interface TargetChecksProps {
  targets: readonly string[];
  preview: Preview | undefined;
  isChecking: boolean;
  onReplace: (before: string, after: string) => void;
  onLeaveOut: () => void;
}

export function TargetChecks({ targets, preview, isChecking, onReplace, onLeaveOut }: TargetChecksProps) {
  const texts = useTexts(newTexts);
  const words = useTexts(scanWords);
  if (targets.length === 0) return null;
  const refused = new Map(preview?.refused.map((one) => [one.target, one]));
  const count = targets.filter((target) => refused.has(target)).length;
  return (
    <div className="stack">
      <ul className="target-checks" aria-label={texts.checked} aria-busy={isChecking}>
        {targets.map((target) => {
          const refusal = refused.get(target);
          const kind = kindOf(target);
          const isUnknown = preview === undefined || (isChecking && refusal === undefined);
          return (
            <li key={target} data-refused={refusal !== undefined}>
              <span className="mono target-name">{target}</span>
              {kind === null ? null : <span className="muted">{words.kinds[kind]}</span>}
              {isUnknown ? (
                <StateTag tone="busy">{texts.checking}</StateTag>
              ) : (
                <StateTag tone={refusal === undefined ? "good" : "bad"}>
                  {refusal === undefined ? texts.allowed : texts.refused}
                </StateTag>
              )}
              {refusal === undefined ? null : <Why refusal={refusal} onReplace={onReplace} />}
            </li>
          );
        })}
      </ul>
      {count === 0 ? null : (
        <span>
          <WordButton onPress={onLeaveOut}>{texts.leaveOut(count)}</WordButton>
        </span>
      )}
      <Announcement message={isChecking || count === 0 ? "" : `${texts.refused}: ${count}`} />
    </div>
  );
}

function Why({ refusal, onReplace }: { refusal: RefusedTarget; onReplace: TargetChecksProps["onReplace"] }) {
  const texts = useTexts(newTexts);
  const meant = refusal.why === "invalid" ? meantBy(refusal.target) : null;
  return (
    <div className="target-why">
      <p>{texts.whys[refusal.why]}</p>
      {refusal.why === "invalid" ? (
        <p className="field-hint" lang="en">
          {refusal.reason}
        </p>
      ) : null}
      {meant === null ? null : (
        <span>
          <WordButton onPress={() => onReplace(refusal.target, meant)}>{texts.use(meant)}</WordButton>
        </span>
      )}
      {refusal.why === "not_granted" || refusal.why === "pentest_not_granted" ? <NextStep refusal={refusal} /> : null}
    </div>
  );
}

/** A domain is proved here; all else is the operator's to grant. */
function NextStep({ refusal: { target, why } }: { refusal: RefusedTarget }) {
  const texts = useTexts(newTexts);
  if (kindOf(target) === "domain" && why === "not_granted") {
    return (
      <Link to="/scans/grants" search={{ ask: target }}>
        {texts.prove}
      </Link>
    );
  }
  return <OperatorCommand target={target} isPentest={why === "pentest_not_granted"} />;
}

export function OperatorCommand({ target, isPentest = false }: { target: string; isPentest?: boolean }) {
  const texts = useTexts(newTexts);
  const tenant = useSession()?.tenant.name ?? "";
  const command = `cybervault scans grant '${target}' --tenant '${tenant}' --note '…'${isPentest ? " --pentest" : ""}`;
  return (
    <div className="operator-command">
      <span>{texts.operator}</span>
      <code className="snippet">{command}</code>
      <CopyButton text={command} label={texts.copyCommand} />
    </div>
  );
}
