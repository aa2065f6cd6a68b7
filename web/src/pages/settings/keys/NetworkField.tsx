/** From where a key may be used. */

import { useTexts } from "../../../i18n/texts";
import { WordField } from "../../../kit/Fields";
import { useWhoami } from "../../../session/clock";
import { keyTexts } from "./texts";

export function NetworkField({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const texts = useTexts(keyTexts).form;
  const whoami = useWhoami();
  return (
    <WordField
      label={texts.addresses}
      hint={whoami?.address ? texts.addressesHint(whoami.address) : texts.addressesHintPlain}
      value={value}
      onChange={onChange}
      rows={2}
      isMono
    />
  );
}
