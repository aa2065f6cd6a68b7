/** Assessments as rows, each leading to where the page says. */

import type { ReactNode } from "react";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { PanelTable } from "../../kit/PanelTable";
import { Moment } from "../../kit/Times";
import { VerdictTag } from "../../kit/VerdictTag";
import type { Assessment } from "../threat/evidence";
import { SortName } from "./AssessmentPage";
import { nameOf } from "./assessment";
import { assessmentTexts } from "./texts";

const COLUMNS = ["verdict", "score", "target", "depth", "at"] as const;

interface AssessmentTableProps {
  title: string;
  assessments: readonly Assessment[];
  link: (id: string, name: ReactNode) => ReactNode;
}

export function AssessmentTable({ title, assessments, link }: AssessmentTableProps) {
  const { formats } = useSpeech();
  const texts = useTexts(assessmentTexts);
  if (assessments.length === 0) return <p className="empty">{texts.days.only}</p>;
  return (
    <PanelTable title={title} columns={COLUMNS} texts={texts.columns}>
      {assessments.map((one) => (
        <tr key={one.assessment_id}>
          <td>
            <VerdictTag verdict={one.verdict} />
          </td>
          <td className="cell-score">{formats.number(one.risk_score)}</td>
          <th scope="row" className="cell-indicator">
            {link(one.assessment_id, <span className="mono">{nameOf(one)}</span>)}{" "}
            <span className="field-hint">
              <SortName assessment={one} />
            </span>
          </th>
          <td>{texts.depths[one.depth]}</td>
          <td>
            <Moment at={one.created_at} />
          </td>
        </tr>
      ))}
    </PanelTable>
  );
}
