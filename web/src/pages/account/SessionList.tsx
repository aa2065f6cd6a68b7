/** The member's sessions, newest first, each of which can be ended from here. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answerOf, type Shapes, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { Asked, Refused } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { StateTag } from "../../kit/Tags";
import { Moment } from "../../kit/Times";
import { useToast } from "../../kit/Toasts";
import { useSignOut } from "../../session/signOut";
import { accountTexts } from "./texts";

const QUERY = ["sessions"];

export function SessionList() {
  const texts = useTexts(accountTexts).sessions;
  const client = useQueryClient();
  const tell = useToast();
  const signOut = useSignOut();
  const [fault, setFault] = useState<unknown>(null);
  const query = useQuery({
    queryKey: QUERY,
    queryFn: ({ signal }) => answerOf(server.GET("/api/console/sessions", { signal })),
  });
  const change = async (run: () => Promise<string>) => {
    setFault(null);
    try {
      tell(await run());
    } catch (error) {
      setFault(error);
    }
    await client.invalidateQueries({ queryKey: QUERY });
  };
  const end = (id: string) =>
    change(async () => {
      await answerOf(server.DELETE("/api/console/sessions/{session_id}", { params: { path: { session_id: id } } }));
      return texts.ended;
    });
  const endOthers = () =>
    change(async () => texts.endedOthers((await answerOf(server.POST("/api/console/sessions/end-others"))).ended));
  return (
    <section className="panel stack" aria-labelledby="sessions">
      <div className="section-head">
        <h2 id="sessions" className="section-title">
          {texts.heading}
        </h2>
        <span className="grow" />
        {(query.data?.sessions.length ?? 0) > 1 ? (
          <WordButton onPress={() => void endOthers()}>{texts.endOthers}</WordButton>
        ) : null}
      </div>
      {fault === null ? null : <Refused error={fault} />}
      <Asked query={query}>
        {({ sessions }) => (
          <ul className="rows">
            {sessions.map((session) => (
              <Row
                key={session.id}
                session={session}
                onEnd={() => void (session.is_current ? signOut() : end(session.id))}
              />
            ))}
          </ul>
        )}
      </Asked>
    </section>
  );
}

function Row({ session, onEnd }: { session: Shapes["SessionReply"]; onEnd: () => void }) {
  const texts = useTexts(accountTexts).sessions;
  const agent = session.agent ?? texts.unknownAgent;
  return (
    <li className="row">
      <div className="row-main">
        <strong className="row-title">{agent}</strong>
        {session.is_current ? <StateTag tone="good">{texts.current}</StateTag> : null}
        <p className="field-hint">
          {texts.line(session.ip ?? texts.nowhere)} · {texts.seen} <Moment at={session.seen_at} /> · {texts.ends}{" "}
          <Moment at={session.expires_at} />
        </p>
      </div>
      <WordButton variant="quiet" aria-label={texts.endThis(agent)} onPress={onEnd}>
        {texts.end}
      </WordButton>
    </li>
  );
}
