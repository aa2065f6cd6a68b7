/** What belongs to the member alone: how the console looks, and where else they have signed in. */

import "./css/account.css";
import { useState } from "react";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Pick } from "../../kit/Fields";
import { Page } from "../../kit/Page";
import { applyDensity, DENSITIES, storedDensity } from "../../lib/density";
import { applyTheme, storedTheme, THEMES } from "../../lib/theme";
import { useSession } from "../../session/session";
import { FactorsPanel } from "./FactorsPanel";
import { PasskeyList } from "./PasskeyList";
import { PasswordPanel } from "./PasswordPanel";
import { SessionList } from "./SessionList";
import { accountTexts } from "./texts";

export function AccountPage() {
  const { texts: shared } = useSpeech();
  const texts = useTexts(accountTexts);
  const session = useSession();
  return (
    <Page
      title={texts.title}
      lead={session ? texts.lead(shared.roles[session.member.role], session.tenant.name) : undefined}
    >
      <PasswordPanel />
      <FactorsPanel />
      <PasskeyList />
      <SessionList />
      <Appearance />
    </Page>
  );
}

function Appearance() {
  const texts = useTexts(accountTexts).appearance;
  const [theme, setTheme] = useState(storedTheme);
  const [density, setDensity] = useState(storedDensity);
  return (
    <section className="panel stack" aria-labelledby="appearance">
      <h2 id="appearance" className="section-title">
        {texts.heading}
      </h2>
      <div className="form-row">
        <Pick
          label={texts.theme}
          value={theme}
          options={THEMES.map((id) => ({ id, text: texts.themes[id] }))}
          onChange={(chosen) => {
            applyTheme(chosen);
            setTheme(chosen);
          }}
        />
        <Pick
          label={texts.density}
          value={density}
          options={DENSITIES.map((id) => ({ id, text: texts.densities[id] }))}
          onChange={(chosen) => {
            applyDensity(chosen);
            setDensity(chosen);
          }}
        />
      </div>
      <p className="field-hint">{texts.note}</p>
    </section>
  );
}
