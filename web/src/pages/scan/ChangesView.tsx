/** What changed since the last scan of the same targets: called new or gone only where both have looked. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Refusal } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked, Empty } from "../../kit/Asked";
import { StateTag, type Tone } from "../../kit/Tags";
import { Moment } from "../../kit/Times";
import { oneOf } from "../../lib/oneOf";
import { diffQuery } from "../scans/queries";
import { isOpen, type ScanDetail, type ScanDiff, type ScanFinding } from "../scans/search";
import { FindingRow } from "./FindingRow";
import { scanTexts } from "./texts";

const route = getRouteApi("/inside/scans/$id");
const CHANGES = ["new", "gone", "unknown", "unchanged"] as const;
type Change = (typeof CHANGES)[number];
const TONE: Record<Change, Tone> = { new: "bad", gone: "good", unknown: "warn", unchanged: "plain" };

interface ChangesProps {
  scan: ScanDetail;
  state: string | undefined;
  finding: string | undefined;
}

export function ChangesView(props: ChangesProps) {
  const texts = useTexts(scanTexts).changes;
  const isRunning = isOpen(props.scan);
  const query = useQuery({ ...diffQuery(props.scan.id), enabled: !isRunning });
  if (isRunning) return <Empty title={texts.running}>{texts.runningText}</Empty>;
  if (query.error instanceof Refusal && query.error.code === "no_earlier_scan") {
    return <Empty title={texts.first}>{texts.firstText}</Empty>;
  }
  return <Asked query={query}>{(diff) => <Compared diff={diff} {...props} />}</Asked>;
}

function Compared({ diff, scan, state, finding }: ChangesProps & { diff: ScanDiff }) {
  const texts = useTexts(scanTexts).changes;
  const wanted = oneOf(state, CHANGES) ?? "new";
  return (
    <>
      <p className="muted">
        {texts.lead}{" "}
        <Link to="/scans/$id" params={{ id: diff.before.id }}>
          <Moment at={diff.before.created_at} />
        </Link>
      </p>
      <Kinds id={scan.id} diff={diff} wanted={wanted} />
      <Changed rows={rowsOf(diff, wanted)} wanted={wanted} search={{ state, finding }} />
      {diff.counts[wanted] > rowsOf(diff, wanted).length ? <p className="field-hint">{texts.limit}</p> : null}
    </>
  );
}

/** How much there is of each, and the way to it. */
function Kinds({ id, diff, wanted }: { id: string; diff: ScanDiff; wanted: Change }) {
  const { formats } = useSpeech();
  const texts = useTexts(scanTexts).changes;
  return (
    <ul className="coverage-states">
      {CHANGES.map((one) => (
        <li key={one}>
          <Link
            to="/scans/$id"
            params={{ id }}
            search={{ view: "changes", ...(one === "new" ? {} : { state: one }) }}
            resetScroll={false}
            className="coverage-state"
            data-here={one === wanted || undefined}
            {...(one === wanted ? { "aria-current": "true" as const } : {})}
          >
            <span>
              <StateTag tone={TONE[one]}>{texts.states[one]}</StateTag>
            </span>
            <strong>{formats.number(diff.counts[one])}</strong>
            <span className="field-hint">{texts.meanings[one]}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

interface Row {
  finding: ScanFinding;
  seenIn?: "before" | "after";
  reason?: string;
}

function rowsOf(diff: ScanDiff, wanted: Change): Row[] {
  if (wanted !== "unknown") return diff[wanted].map((finding) => ({ finding }));
  return diff.unknown.map(({ finding, seen_in: seenIn, reason }) => ({ finding, seenIn, reason }));
}

interface ChangedProps {
  rows: readonly Row[];
  wanted: Change;
  search: { state: string | undefined; finding: string | undefined };
}

function Changed({ rows, wanted, search }: ChangedProps) {
  const texts = useTexts(scanTexts).changes;
  const navigate = route.useNavigate();
  if (rows.length === 0) return <Empty title={texts.none[wanted]} />;
  return (
    <ul className="seen" aria-label={texts.states[wanted]}>
      {rows.map(({ finding, seenIn, reason }) => (
        <FindingRow
          key={finding.id}
          finding={finding}
          isNew={false}
          note={
            seenIn === undefined ? null : (
              <>
                {texts.seenIn[seenIn]} <span lang="en">{reason}</span>
              </>
            )
          }
          isExpanded={finding.id === search.finding}
          onExpand={(isExpanded) =>
            void navigate({
              search: { view: "changes", state: search.state, finding: isExpanded ? finding.id : undefined },
              replace: true,
              resetScroll: false,
            })
          }
        />
      ))}
    </ul>
  );
}
