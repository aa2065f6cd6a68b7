/** Keys that somebody should look at, and why; the server's words stand beside the name of the matter. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Shapes } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { Asked } from "../../../kit/Asked";
import { WordButton } from "../../../kit/Buttons";
import { StateTag, type Tone } from "../../../kit/Tags";
import { reportQuery } from "./queries";
import { keyTexts } from "./texts";

type Matter = Shapes["RemarkReply"]["matter"];

const TONE: Record<Matter, Tone> = {
  exposed: "bad",
  refused: "warn",
  two_networks: "warn",
  old_secret_in_use: "warn",
  expires_soon: "warn",
  unused: "plain",
  never_used: "plain",
  no_expiry: "plain",
};
const SHOWN = 3;

export function Report() {
  const texts = useTexts(keyTexts).report;
  const query = useQuery(reportQuery);
  const [isWhole, setWhole] = useState(false);
  return (
    <section className="panel stack" aria-labelledby="report">
      <h2 id="report" className="section-title">
        {texts.heading}
      </h2>
      <Asked query={query}>
        {({ data }) =>
          data.length === 0 ? (
            <p className="muted">{texts.none}</p>
          ) : (
            <>
              <ul className="rows">
                {data.slice(0, isWhole ? undefined : SHOWN).map(({ key_id, name, matter, text }) => (
                  <li key={`${key_id} ${matter}`} className="row remark">
                    <StateTag tone={TONE[matter]}>{texts.matters[matter]}</StateTag>
                    <div className="row-main">
                      <Link to="/settings/api-keys/$id" params={{ id: key_id }}>
                        {name}
                      </Link>{" "}
                      <span className="muted" lang="en">
                        {text}
                      </span>
                    </div>
                  </li>
                ))}
              </ul>
              {data.length > SHOWN && !isWhole ? (
                <WordButton variant="quiet" onPress={() => setWhole(true)}>
                  {texts.all(data.length)}
                </WordButton>
              ) : null}
            </>
          )
        }
      </Asked>
    </section>
  );
}
