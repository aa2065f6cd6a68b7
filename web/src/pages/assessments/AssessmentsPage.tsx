/** Everything that was assessed, newest first, or of one target alone. */

import "../settings/css/settings.css";
import "./css/assessments.css";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useTexts } from "../../i18n/texts";
import { Asked, Empty } from "../../kit/Asked";
import { WordField } from "../../kit/Fields";
import { Page } from "../../kit/Page";
import { AssessmentTable } from "./AssessmentTable";
import { assessmentsQuery } from "./queries";
import { assessmentTexts } from "./texts";

const route = getRouteApi("/inside/assessments");

export function AssessmentsPage() {
  const texts = useTexts(assessmentTexts);
  const { target, cursor } = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(target ?? "");
  const query = useQuery({ ...assessmentsQuery(target, cursor), placeholderData: keepPreviousData });
  const narrow = (event: FormEvent) => {
    event.preventDefault();
    const wanted = typed.trim();
    void navigate({ search: wanted === "" ? {} : { target: wanted } });
  };
  const lookUp = (
    <Link className="button button-primary" to="/lookups">
      {texts.lookUp}
    </Link>
  );
  return (
    <Page title={texts.title} lead={texts.lead} actions={lookUp}>
      <Form onSubmit={narrow}>
        <WordField
          label={texts.target}
          hint={texts.targetHint}
          value={typed}
          onChange={setTyped}
          isMono
          maxLength={2048}
        />
      </Form>
      <Asked query={query}>
        {({ data, pagination }) =>
          data.length === 0 ? (
            <Empty
              title={target === undefined ? texts.empty : texts.none}
              action={target === undefined ? lookUp : <Link to="/assessments">{texts.all}</Link>}
            >
              {texts.emptyText}
            </Empty>
          ) : (
            <>
              <AssessmentTable
                title={texts.title}
                assessments={data}
                link={(id, name) => (
                  <Link to="/assessments/$id" params={{ id }}>
                    {name}
                  </Link>
                )}
              />
              <nav className="list-pages" aria-label={texts.title}>
                {cursor === undefined ? null : (
                  <Link className="button button-secondary" to="/assessments" search={{ target }}>
                    {texts.newest}
                  </Link>
                )}
                {pagination.next_cursor === null ? null : (
                  <Link
                    className="button button-secondary"
                    to="/assessments"
                    search={{ target, cursor: pagination.next_cursor }}
                  >
                    {texts.next}
                  </Link>
                )}
              </nav>
            </>
          )
        }
      </Asked>
    </Page>
  );
}
