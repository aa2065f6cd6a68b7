/** What keys use of their limits at this moment, the fullest first. */

import { queryOptions, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answerOf, type Shapes, server } from "../../../api/server";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Asked } from "../../../kit/Asked";
import { HeadRow } from "../../../kit/HeadRow";
import { Level } from "../../../kit/Level";
import { useSession } from "../../../session/session";
import { managesKeys } from "../keys/keys";
import { planTexts } from "./texts";

type Consumed = Shapes["KeyConsumptionReply"];
type Use = Consumed["windows"][number];

// A minute's window moves on all the time; to ask costs the member one of their own calls.
const STEP_MILLISECONDS = 10_000;

const consumptionQuery = queryOptions({
  queryKey: ["keys", "limits"],
  queryFn: ({ signal }) => answerOf(server.GET("/v3/keys/limits", { signal })),
  refetchInterval: STEP_MILLISECONDS,
});

export function Consumption() {
  const { texts: shared } = useSpeech();
  const texts = useTexts(planTexts).use;
  const session = useSession();
  const query = useQuery(consumptionQuery);
  return (
    <section className="panel stack" aria-labelledby="consumption">
      <h2 id="consumption" className="section-title">
        {texts.heading}
      </h2>
      <p className="field-hint">
        {texts.lead} {session && !managesKeys(session) ? texts.onlyOwn(shared.roles[session.member.role]) : null}
      </p>
      <Asked query={query}>
        {({ data }) => (data.length === 0 ? <p className="muted">{texts.none}</p> : <Uses consumed={data} />)}
      </Asked>
    </section>
  );
}

const COLUMNS = ["key", "calls", "minute", "hour"] as const;

function Uses({ consumed }: { consumed: readonly Consumed[] }) {
  const all = useTexts(planTexts);
  const texts = all.use;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and who has no pointer scrolls it by keys
    <section className="table-box" aria-label={texts.table} tabIndex={0}>
      <table className="table">
        <HeadRow columns={COLUMNS} texts={texts.columns} />
        <tbody>
          {consumed.map(({ key_id, name, face, call_class, windows }) => (
            <tr key={`${key_id} ${face} ${call_class}`}>
              <th scope="row" className="key-name">
                <Link to="/settings/api-keys/$id" params={{ id: key_id }}>
                  {name}
                </Link>
              </th>
              <td>
                <code>/{face}</code> {all.limits.classes[call_class]}
              </td>
              {(["minute", "hour"] as const).map((window) => (
                <td key={window}>
                  <WindowLevel use={windows.find((one) => one.name === window)} name={name} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Full while only the burst still lets calls pass, or nothing. */
function WindowLevel({ use, name }: { use: Use | undefined; name: string }) {
  const { formats } = useSpeech();
  const texts = useTexts(planTexts).use;
  if (use === undefined) return <span className="muted">{texts.noLimit}</span>;
  const { used, limit, ceiling, remaining } = use;
  const said = texts.of(formats.number(used), formats.number(limit));
  if (remaining > 0) return <Level used={used} limit={limit} said={said} label={name} />;
  return (
    <Level used={used} limit={limit} said={said} label={name} tone={used < ceiling ? "warn" : "bad"}>
      <span>{used < ceiling ? texts.burst : texts.full}</span>
    </Level>
  );
}
