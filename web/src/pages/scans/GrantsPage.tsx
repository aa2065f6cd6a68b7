/** What the tenant may scan: asked for, proved by the domain itself, withdrawn. */

import "../threats/css/threats.css";
import "./css/scans.css";
import "./css/new.css";
import "./css/grants.css";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { answerOf, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { Asked, Empty } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { Page } from "../../kit/Page";
import { useSession } from "../../session/session";
import { from, More, PAGING } from "../settings/More";
import { AskDialog } from "./AskDialog";
import { GrantRow } from "./GrantRow";
import { grantTexts } from "./grantTexts";
import { ScanTabs } from "./Parts";
import { scanWords } from "./words";

const route = getRouteApi("/inside/scans/grants");

export function GrantsPage() {
  const texts = useTexts(grantTexts);
  const words = useTexts(scanWords);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const role = useSession()?.member.role;
  const isManaging = role === "owner" || role === "admin";
  // In the address, so that a refused target leads straight to the question for it.
  const ask = (target: string | undefined) => void navigate({ search: { ask: target }, replace: true });
  const query = useInfiniteQuery({
    queryKey: ["scans", "grants", "all"],
    queryFn: ({ pageParam, signal }) =>
      answerOf(server.GET("/v3/scans/grants", { params: { query: from(pageParam) }, signal })),
    ...PAGING,
  });
  return (
    <Page
      title={words.grants}
      lead={texts.lead}
      crumbs={[{ text: words.scans, to: "/scans" }]}
      actions={
        <WordButton
          variant="primary"
          isDisabled={!isManaging}
          {...(isManaging ? {} : { "aria-describedby": "grant-reason" })}
          onPress={() => ask("")}
        >
          <Plus aria-hidden size={16} />
          {texts.ask}
        </WordButton>
      }
    >
      <ScanTabs here="grants" />
      {isManaging ? null : (
        <p id="grant-reason" className="notice">
          {texts.needsManager}
        </p>
      )}
      <Asked query={query}>
        {({ pages }) => {
          const grants = pages.flatMap(({ data }) => data);
          if (grants.length === 0) return <Empty title={texts.empty.title}>{texts.empty.text}</Empty>;
          return (
            <section className="stack" aria-label={texts.list}>
              <ul className="panel rows grants">
                {grants.map((grant) => (
                  <GrantRow key={grant.id} grant={grant} isManaging={isManaging} />
                ))}
              </ul>
              <More query={query} />
            </section>
          );
        }}
      </Asked>
      <p className="field-hint">{texts.never}</p>
      {isManaging && search.ask !== undefined ? <AskDialog target={search.ask} onClose={() => ask(undefined)} /> : null}
    </Page>
  );
}
