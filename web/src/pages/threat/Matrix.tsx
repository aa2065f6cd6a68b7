/** The techniques of a threat, with how many pieces of evidence name each. */

import { Link } from "@tanstack/react-router";
import { useTexts } from "../../i18n/texts";
import { Matrix as Techniques } from "../../kit/Matrix";
import type { Threat } from "../threats/threat";
import { type Assessment, countOf } from "./evidence";
import { threatTexts } from "./texts";

export function Matrix({ threat, assessment }: { threat: Threat; assessment: Assessment | null }) {
  const texts = useTexts(threatTexts).attack;
  return (
    <Techniques
      title={texts.heading}
      techniques={threat.mitre_attack}
      countOf={(id) => countOf(id, assessment)}
      counted={texts.pieces}
      legend={texts.legend}
      none={texts.none}
      link={(id, cell) => <Link to="/threats" search={{ technique: id }} {...cell} />}
    />
  );
}
