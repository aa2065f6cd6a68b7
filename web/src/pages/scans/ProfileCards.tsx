/** The profiles side by side: what each does, how loud it is on these targets, and why one cannot be had. */

import { Link } from "@tanstack/react-router";
import { useId } from "react";
import { Label, Radio, RadioGroup } from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { newTexts } from "./newTexts";
import { PROFILES, type Preview, type Profile } from "./search";
import { scanWords } from "./words";

interface ProfileCardsProps {
  profile: Profile;
  previews: Partial<Record<Profile, Preview>>;
  hasPentest: boolean;
  onChange: (profile: Profile) => void;
}

export function ProfileCards({ profile, previews, hasPentest, onChange }: ProfileCardsProps) {
  const texts = useTexts(newTexts);
  const words = useTexts(scanWords);
  const id = useId();
  return (
    <section className="panel stack">
      <RadioGroup
        className="profile-cards"
        value={profile}
        onChange={(chosen) => {
          const found = PROFILES.find((one) => one === chosen);
          if (found) onChange(found);
        }}
      >
        <Label className="section-title">{texts.profile}</Label>
        {PROFILES.map((one) => (
          <Radio
            key={one}
            value={one}
            className="profile-card"
            isDisabled={one === "pentest" && !hasPentest}
            aria-label={words.profiles[one]}
            aria-describedby={`${id}-${one}`}
          >
            <span className="profile-name">
              <span className="radio-sign" aria-hidden />
              {words.profiles[one]}
            </span>
            <span id={`${id}-${one}`}>{texts.profiles[one]}</span>
            <Loudness preview={previews[one]} />
          </Radio>
        ))}
      </RadioGroup>
      {hasPentest ? null : (
        <p className="field-hint">
          {texts.noPentest} <Link to="/scans/grants">{texts.toGrants}</Link>
        </p>
      )}
    </section>
  );
}

function Loudness({ preview }: { preview: Preview | undefined }) {
  const { formats } = useSpeech();
  const texts = useTexts(newTexts);
  const isKnown = preview !== undefined && preview.targets.length > 0;
  return (
    <span className="field-hint">
      {isKnown
        ? texts.loudness(formats.number(preview.connections_max), formats.duration(preview.estimated_duration * 60))
        : texts.loudnessUnknown}
    </span>
  );
}
