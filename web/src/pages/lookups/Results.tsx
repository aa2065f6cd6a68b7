/** What came of each indicator: as pasted while they come in, so that none moves under the pointer, then the worst first. */

import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, useRef } from "react";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Choice } from "../../kit/Choice";
import { PanelTable } from "../../kit/PanelTable";
import { StateTag } from "../../kit/Tags";
import { VerdictTag } from "../../kit/VerdictTag";
import { defang, defangUrls } from "../../lib/defang";
import { useHotkeys } from "../../lib/hotkeys";
import { oneOf } from "../../lib/oneOf";
import { stepRow } from "../../lib/rowFocus";
import { byVerdict, VERDICTS } from "./rows";
import type { Row } from "./run";
import { lookupTexts } from "./texts";

const route = getRouteApi("/inside/lookups");
const LINK = "tbody a";
const COLUMNS = ["verdict", "score", "indicator", "type", "why"] as const;

export function Results({ rows, isBusy }: { rows: readonly Row[]; isBusy: boolean }) {
  const { texts: shared, formats } = useSpeech();
  const texts = useTexts(lookupTexts);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const list = useRef<HTMLDivElement>(null);
  useHotkeys(
    useMemo(() => ({ j: () => stepRow(list.current, LINK, 1), k: () => stepRow(list.current, LINK, -1) }), []),
  );
  const wanted = oneOf(search.verdict, VERDICTS);
  const ordered = useMemo(() => (isBusy ? rows : byVerdict(rows)), [rows, isBusy]);
  const shown = ordered.filter(({ answer }) => wanted === undefined || answer?.verdict === wanted);
  const count = (verdict: string) => rows.filter(({ answer }) => answer?.verdict === verdict).length;
  return (
    <div className="stack" ref={list}>
      <div className="filter-row">
        <Choice
          label={texts.show}
          value={wanted ?? "all"}
          options={[
            { id: "all", text: `${texts.all} ${formats.number(rows.length)}` },
            ...VERDICTS.map((id) => ({ id, text: `${shared.verdicts[id]} ${formats.number(count(id))}` })),
          ]}
          onChange={(id) =>
            void navigate({ search: ({ depth }) => ({ depth, verdict: id === "all" ? undefined : id }), replace: true })
          }
        />
      </div>
      {shown.length === 0 ? (
        <p className="empty">{texts.none}</p>
      ) : (
        <PanelTable title={texts.results} columns={COLUMNS} texts={texts.columns}>
          {shown.map((row) => (
            <Line key={row.key} row={row} />
          ))}
        </PanelTable>
      )}
    </div>
  );
}

function Line({ row: { kind, value, answer, fault } }: { row: Row }) {
  const { texts: shared, formats } = useSpeech();
  const texts = useTexts(lookupTexts);
  return (
    <tr>
      <td>
        {answer === null ? (
          <StateTag tone={fault === null ? "busy" : "bad"}>{fault === null ? texts.waiting : texts.refused}</StateTag>
        ) : (
          <VerdictTag verdict={answer.verdict} />
        )}
      </td>
      <td className="cell-score">{answer === null ? "" : formats.number(answer.risk_score)}</td>
      <th scope="row" className="mono cell-indicator">
        {answer === null ? (
          defang(value)
        ) : (
          <Link to="/assessments/$id" params={{ id: answer.assessment_id }}>
            {defang(answer.target)}
          </Link>
        )}
      </th>
      <td>{shared.kinds[kind]}</td>
      <td className="cell-why">{answer === null ? fault : defangUrls(answer.summary)}</td>
    </tr>
  );
}
