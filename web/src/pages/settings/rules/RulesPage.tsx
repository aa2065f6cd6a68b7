/** The rules that telemetry is matched with: which count for the workspace, and what it leaves out. */

import "../../threats/css/threats.css";
import "../css/settings.css";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Asked, Empty } from "../../../kit/Asked";
import { HeadRow } from "../../../kit/HeadRow";
import { Page } from "../../../kit/Page";
import { SeverityTag, StateTag } from "../../../kit/Tags";
import { can, useSession } from "../../../session/session";
import { severityOf } from "../../threats/threat";
import { More } from "../More";
import { FiltersView } from "./FiltersView";
import { Narrow } from "./Narrow";
import { ProfilePanel } from "./ProfilePanel";
import { rulesQuery } from "./queries";
import { RuleDialog } from "./RuleDialog";
import { questionOf, type Rule, STANDING_TONE, sourceOf } from "./rules";
import { ruleTexts } from "./texts";

const route = getRouteApi("/inside/settings/rules");

export function RulesPage() {
  const { texts: shared } = useSpeech();
  const texts = useTexts(ruleTexts);
  const session = useSession();
  const search = route.useSearch();
  const isAllowed = can(session, "response:write");
  return (
    <Page title={texts.title} lead={texts.lead}>
      {isAllowed ? null : (
        <p id="rules-reason" className="notice">
          {texts.needsWrite(session ? shared.roles[session.member.role] : "")}
        </p>
      )}
      <ProfilePanel isAllowed={isAllowed} />
      <Views here={search.view === "filters" ? "filters" : "rules"} />
      {search.view === "filters" ? (
        <FiltersView isAllowed={isAllowed} />
      ) : (
        <>
          <Narrow />
          <Rules />
        </>
      )}
      {search.rule === undefined ? null : <RuleDialog key={search.rule} id={search.rule} isAllowed={isAllowed} />}
    </Page>
  );
}

function Views({ here }: { here: "rules" | "filters" }) {
  const texts = useTexts(ruleTexts).views;
  return (
    <div className="view-bar">
      <nav aria-label={texts.label}>
        <ul>
          {(["rules", "filters"] as const).map((view) => (
            <li key={view}>
              <Link
                to="/settings/rules"
                search={view === "rules" ? {} : { view }}
                className="view-link"
                {...(view === here ? { "data-here": true, "aria-current": "page" as const } : {})}
              >
                {texts[view]}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
    </div>
  );
}

const COLUMNS = ["level", "title", "source", "techniques", "standing"] as const;

function Rules() {
  const texts = useTexts(ruleTexts);
  const query = useInfiniteQuery(rulesQuery(questionOf(route.useSearch())));
  return (
    <>
      <Asked query={query}>
        {({ pages }) => {
          const rules = pages.flatMap(({ data }) => data);
          return rules.length === 0 ? (
            <Empty title={texts.none}>{texts.noneLead}</Empty>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and who has no pointer scrolls it by keys
            <section className="table-box panel-table" aria-label={texts.views.rules} tabIndex={0}>
              <table className="table">
                <HeadRow columns={COLUMNS} texts={texts.columns} />
                <tbody>
                  {rules.map((rule) => (
                    <Row key={rule.id} rule={rule} />
                  ))}
                </tbody>
              </table>
            </section>
          );
        }}
      </Asked>
      <More query={query} label={texts.more} />
    </>
  );
}

function Row({ rule }: { rule: Rule }) {
  const texts = useTexts(ruleTexts);
  return (
    <tr data-ended={!rule.in_force}>
      <td>
        <SeverityTag severity={severityOf(rule.level as Parameters<typeof severityOf>[0])} />
      </td>
      <th scope="row" className="key-name">
        <Link to="/settings/rules" search={(before) => ({ ...before, rule: rule.id })} resetScroll={false}>
          {rule.title}
        </Link>
        <span className="field-hint key-hint">{texts.one.by(rule.author, rule.pack)}</span>
      </th>
      <td>{sourceOf(rule)}</td>
      <td className="mono">{rule.techniques.join(", ") || "–"}</td>
      <td>
        <StateTag tone={STANDING_TONE[rule.standing]}>{texts.standings[rule.standing]}</StateTag>
      </td>
    </tr>
  );
}
