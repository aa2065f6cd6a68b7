/** The plan of the workspace: what it opens, which limits hold, and what another one would change. */

import "../css/settings.css";
import { useQuery } from "@tanstack/react-query";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Asked } from "../../../kit/Asked";
import { Page } from "../../../kit/Page";
import { StateTag } from "../../../kit/Tags";
import type { Tenant } from "../keys/keys";
import { tenantQuery } from "../keys/queries";
import { Consumption } from "./Consumption";
import { planTexts } from "./texts";

type Limits = Tenant["limits"];

export function PlanPage() {
  const texts = useTexts(planTexts);
  const query = useQuery(tenantQuery);
  return (
    <Page title={texts.title} lead={texts.lead}>
      <Asked query={query}>
        {(tenant) => (
          <>
            <Current tenant={tenant} />
            <Consumption />
            <Comparison tenant={tenant} />
          </>
        )}
      </Asked>
    </Page>
  );
}

function Current({ tenant }: { tenant: Tenant }) {
  const { texts: shared, formats } = useSpeech();
  const texts = useTexts(planTexts);
  return (
    <section className="panel stack" aria-labelledby="plan">
      <div className="section-head">
        <h2 id="plan" className="section-title">
          {texts.current}
        </h2>
        <StateTag tone="good">{shared.plans[tenant.plan]}</StateTag>
      </div>
      <p>
        <strong>{tenant.name}</strong>{" "}
        <span className="muted">
          · {texts.since} {formats.date(tenant.created_at)}
        </span>
      </p>
      <p className="field-hint">
        {texts.who} <code>{`cybervault tenants set-plan ${tenant.id} …`}</code>
      </p>
    </section>
  );
}

function Comparison({ tenant }: { tenant: Tenant }) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(planTexts);
  const own = tenant.plans.find(({ plan }) => plan === tenant.plan);
  const isOwn = own !== undefined && JSON.stringify(own.limits) !== JSON.stringify(tenant.limits);
  return (
    <section className="panel stack" aria-labelledby="compare">
      <h2 id="compare" className="section-title">
        {texts.compare}
      </h2>
      <p className="field-hint">{texts.limits.lead}</p>
      {isOwn ? <p className="notice">{texts.limits.own}</p> : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and who has no pointer scrolls it by keys */}
      <section className="table-box" aria-label={texts.limits.heading} tabIndex={0}>
        <table className="table plan-table">
          <thead>
            <tr>
              <th scope="col">{texts.limits.what}</th>
              {isOwn ? <th scope="col">{texts.limits.now}</th> : null}
              {tenant.plans.map(({ plan }) => (
                <th key={plan} scope="col" data-own={plan === tenant.plan}>
                  {plan === tenant.plan ? texts.limits.plan(shared.plans[plan]) : shared.plans[plan]}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {(["personal", "other"] as const).map((kind) => (
              <tr key={kind}>
                <th scope="row">{texts.opens[kind]}</th>
                {isOwn ? <Included is={tenant.api_access[`${kind}_keys`]} isOwn /> : null}
                {tenant.plans.map((plan) => (
                  <Included key={plan.plan} is={plan[`${kind}_keys`]} isOwn={plan.plan === tenant.plan} />
                ))}
              </tr>
            ))}
            {tenant.limits.map(({ face, call_class }, at) => (
              <tr key={`${face} ${call_class}`}>
                <th scope="row">
                  <code>/{face}</code> {texts.limits.classes[call_class]}
                </th>
                {isOwn ? <Windows limits={tenant.limits} at={at} isOwn /> : null}
                {tenant.plans.map(({ plan, limits }) => (
                  <Windows key={plan} limits={limits} at={at} isOwn={plan === tenant.plan} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </section>
  );
}

function Included({ is, isOwn }: { is: boolean; isOwn: boolean }) {
  const texts = useTexts(planTexts).opens;
  return (
    <td data-own={isOwn}>
      <StateTag tone={is ? "good" : "plain"}>{is ? texts.yes : texts.no}</StateTag>
    </td>
  );
}

function Windows({ limits, at, isOwn }: { limits: Limits; at: number; isOwn: boolean }) {
  const { formats } = useSpeech();
  const texts = useTexts(planTexts).limits;
  return (
    <td data-own={isOwn}>
      {limits[at]?.windows.map(({ name, limit, ceiling }) => (
        <span key={name} className="plan-window">
          <b>{formats.number(limit)}</b> {texts.each[name]}
          {ceiling === limit ? null : <span className="muted"> ({formats.number(ceiling)})</span>}
        </span>
      ))}
    </td>
  );
}
