/** From which level on rules count, and how many of each pack do. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, server } from "../../../api/server";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Asked, Refused } from "../../../kit/Asked";
import { Fact } from "../../../kit/Fact";
import { Pick } from "../../../kit/Fields";
import { SEVERITIES, type Severity } from "../../../kit/Tags";
import { useToast } from "../../../kit/Toasts";
import { oneOf } from "../../../lib/oneOf";
import { useChange } from "../../../session/useChange";
import { profileQuery } from "./queries";
import { levelsAbove, type Profile } from "./rules";
import { ruleTexts } from "./texts";

export function ProfilePanel({ isAllowed }: { isAllowed: boolean }) {
  const texts = useTexts(ruleTexts).profile;
  return (
    <section className="panel stack" aria-labelledby="profile">
      <h2 id="profile" className="section-title">
        {texts.heading}
      </h2>
      <Asked query={useQuery(profileQuery)}>{(profile) => <Standing profile={profile} isAllowed={isAllowed} />}</Asked>
    </section>
  );
}

function Standing({ profile, isAllowed }: { profile: Profile; isAllowed: boolean }) {
  const { formats } = useSpeech();
  const texts = useTexts(ruleTexts).profile;
  return (
    <>
      <div className="level-pick">
        <LevelPick profile={profile} isAllowed={isAllowed} />
      </div>
      <dl className="key-facts">
        {profile.packs.map(({ name, rules, in_force }) => (
          <Fact key={name} name={`${texts.pack} ${name}`}>
            <Link to="/settings/rules" search={{ pack: name }} resetScroll={false}>
              {texts.counts(formats.number(in_force), formats.number(rules))}
            </Link>
          </Fact>
        ))}
        <Fact name={texts.disabled}>
          <Link to="/settings/rules" search={{ standing: "disabled" }} resetScroll={false}>
            {formats.number(profile.disabled_rules)}
          </Link>
        </Fact>
        <Fact name={texts.hunting}>{profile.hunting_rules ? texts.huntingOn : texts.huntingOff}</Fact>
      </dl>
    </>
  );
}

const USUAL = "usual";

function LevelPick({ profile, isAllowed }: { profile: Profile; isAllowed: boolean }) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(ruleTexts).profile;
  const client = useQueryClient();
  const tell = useToast();
  const { isBusy, fault, run } = useChange();
  const named = (level: string) => shared.severities[oneOf(level, SEVERITIES) ?? "medium"];
  const save = async (level: Severity | null) => {
    const saved = await answerOf(server.PATCH("/v3/detection/profile", { body: { from_level: level } }));
    tell(texts.saved(named(saved.from_level)));
    await client.invalidateQueries({ queryKey: ["rules"] });
  };
  return (
    <>
      <Pick
        label={texts.level}
        hint={texts.hint}
        isDisabled={!isAllowed || isBusy}
        value={oneOf(profile.own_level ?? undefined, SEVERITIES) ?? USUAL}
        options={[
          { id: USUAL, text: texts.usual(named(profile.installation_level)) },
          ...levelsAbove(profile.installation_level).map((id) => ({ id, text: named(id) })),
        ]}
        onChange={(level) => void run(() => save(level === USUAL ? null : level))}
      />
      {fault === null ? null : <Refused error={fault} />}
    </>
  );
}
