/** One scan: watched while it runs, read when it has ended; everything stays in its place between the two. */

import "../threats/css/threats.css";
import "../threat/css/threat.css";
import "../dashboard/css/dashboard.css";
import "../scans/css/scans.css";
import "./css/scan.css";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { Refusal } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked, Empty } from "../../kit/Asked";
import { Page } from "../../kit/Page";
import { oneOf } from "../../lib/oneOf";
import { scanQuery } from "../scans/queries";
import { isOpen, isUploaded, type ScanDetail } from "../scans/search";
import { scanWords } from "../scans/words";
import { Actions } from "./Actions";
import { ChangesView } from "./ChangesView";
import { CoverageView } from "./CoverageView";
import { Assets, Controls, Severities } from "./Figures";
import { Findings } from "./Findings";
import { Standing } from "./Standing";
import { scanTexts } from "./texts";
import { useFollow } from "./useFollow";

const route = getRouteApi("/inside/scans/$id");
const ASK_MILLISECONDS = 3_000;

export function ScanPage() {
  const texts = useTexts(scanTexts);
  const words = useTexts(scanWords);
  const { id } = route.useParams();
  const crumbs = [{ text: words.scans, to: "/scans" }];
  const query = useQuery(scanQuery(id));
  if (query.error instanceof Refusal && query.error.status === 404) {
    return (
      <Page title={texts.missing.title} crumbs={crumbs}>
        <Empty title={texts.missing.title} action={<Link to="/scans">{words.scans}</Link>}>
          {texts.missing.text}
        </Empty>
      </Page>
    );
  }
  if (query.data === undefined) {
    return (
      <Page title={id} crumbs={crumbs}>
        <Asked query={query}>{() => null}</Asked>
      </Page>
    );
  }
  return <Found key={id} scan={query.data} />;
}

function Found({ scan }: { scan: ScanDetail }) {
  const texts = useTexts(scanTexts);
  const words = useTexts(scanWords);
  const isRunning = isOpen(scan);
  const connection = useFollow(scan.id, isRunning);
  // Without a line the page asks by itself; the answer is the same.
  useQuery({ ...scanQuery(scan.id), refetchInterval: isRunning && connection === "asking" ? ASK_MILLISECONDS : false });
  const [first = "", ...others] = scan.targets;
  const name = others.length === 0 ? first : `${first} ${words.more(others.length)}`;
  return (
    <Page
      title={name}
      windowTitle={texts.windowTitle(name)}
      crumbs={[{ text: words.scans, to: "/scans" }]}
      actions={<Actions scan={scan} />}
    >
      <Standing scan={scan} connection={connection} />
      <Severities scan={scan} />
      <div className="threat-columns">
        <div className="threat-main">
          <Result scan={scan} />
        </div>
        <div className="threat-side">
          <Assets scan={scan} />
          <Controls scan={scan} />
        </div>
      </div>
    </Page>
  );
}

const VIEWS = ["findings", "changes", "coverage"] as const;

function Result({ scan }: { scan: ScanDetail }) {
  const { formats } = useSpeech();
  const texts = useTexts(scanTexts).tabs;
  const search = route.useSearch();
  const view = oneOf(search.view, VIEWS) ?? "findings";
  const { covered = 0, ...others } = scan.coverage_counts;
  const missed = Object.values(others).reduce((sum, count) => sum + count, 0);
  const counts: Record<(typeof VIEWS)[number], string> = {
    findings: ` (${formats.number(scan.findings_total)})`,
    changes: "",
    coverage: ` (${formats.number(covered)}/${formats.number(covered + missed)})`,
  };
  // Other tools do not say where they looked: nothing of theirs can be called gone.
  const views = VIEWS.filter((one) => one !== "changes" || !isUploaded(scan));
  return (
    <section className="stack" aria-label={texts.label}>
      <div className="view-bar">
        <nav aria-label={texts.label}>
          <ul>
            {views.map((one) => (
              <li key={one}>
                <Link
                  to="/scans/$id"
                  params={{ id: scan.id }}
                  search={one === "findings" ? {} : { view: one }}
                  className="view-link"
                  resetScroll={false}
                  {...(one === view ? ({ "data-here": true, "aria-current": "page" } as const) : {})}
                >
                  {texts[one]}
                  {counts[one]}
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      </div>
      {view === "coverage" ? <CoverageView scan={scan} state={search.state} /> : null}
      {view === "changes" ? <ChangesView scan={scan} state={search.state} finding={search.finding} /> : null}
      {view === "findings" ? <Findings scan={scan} search={search} /> : null}
    </section>
  );
}
