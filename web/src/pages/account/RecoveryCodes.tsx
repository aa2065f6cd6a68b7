/** Ten codes, shown once. */

import { useTexts } from "../../i18n/texts";
import { OnceDialog, OnceText } from "../../kit/OnceDialog";
import { accountTexts } from "./texts";

export function RecoveryCodes({ codes, onStored }: { codes: readonly string[]; onStored: () => void }) {
  const texts = useTexts(accountTexts).codes;
  if (codes.length === 0) return null;
  return (
    <OnceDialog title={texts.title} lead={texts.lead} onStored={onStored}>
      <OnceText label={texts.label} text={codes.join("\n")} />
    </OnceDialog>
  );
}
