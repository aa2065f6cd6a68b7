/** The types that can be analysed; the one that is being typed lights up. */

import { useSpeech } from "../../i18n/language";
import type { Kind } from "../../lib/detect";

const CHIPS = [
  ["address", ["ipv4", "ipv6"]],
  ["domain", ["domain"]],
  ["url", ["url"]],
  ["md5", ["md5"]],
  ["sha1", ["sha1"]],
  ["sha256", ["sha256"]],
  ["sha512", ["sha512"]],
  ["cve", ["cve"]],
  ["cidr", ["cidr"]],
  ["asn", ["asn"]],
  ["email", ["email"]],
] as const satisfies readonly (readonly [string, readonly Kind[]])[];

export function TypeChips({ detected }: { detected: Kind | null }) {
  const { texts } = useSpeech();
  return (
    <ul className="chips" aria-label={texts.form.types}>
      {CHIPS.map(([name, kinds]) => {
        const isDetected = detected !== null && (kinds as readonly Kind[]).includes(detected);
        return (
          <li key={name} className="chip" {...(isDetected ? { "aria-current": "true" as const } : {})}>
            {texts.chips[name]}
          </li>
        );
      })}
    </ul>
  );
}
