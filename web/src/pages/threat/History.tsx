/** What happened to a threat and who did it, and a place to say something about it. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { answerOf, type Shapes, server } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { Asked, Refused } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { WordField } from "../../kit/Fields";
import { Moment } from "../../kit/Times";
import { useToast } from "../../kit/Toasts";
import { can, useSession } from "../../session/session";
import { Who } from "../../session/Who";
import { historyQuery } from "../threats/queries";
import { StatusTag } from "../threats/StatusTag";
import { threatWords } from "../threats/words";
import { threatTexts } from "./texts";

const COMMENT_CHARACTERS_MAX = 2000;

export function History({ id }: { id: string }) {
  const texts = useTexts(threatTexts).history;
  const query = useQuery(historyQuery(id));
  return (
    <section className="panel stack" aria-labelledby="history">
      <h2 id="history" className="section-title">
        {texts.heading}
      </h2>
      <Asked query={query}>
        {({ data }) => (
          <ol className="history">
            {data.map((step) => (
              <Line key={step.number} step={step} />
            ))}
          </ol>
        )}
      </Asked>
      <CommentForm id={id} />
    </section>
  );
}

function Line({ step }: { step: Shapes["StepReply"] }) {
  const texts = useTexts(threatTexts).history;
  return (
    <li>
      <p>
        <strong className="history-who">
          <Who actor={step.by} />
        </strong>{" "}
        {texts[step.act]} <Moment at={step.at} />
      </p>
      {step.new_status === null ? null : (
        <p className="history-change">
          {step.old_status === null ? null : (
            <>
              <StatusTag status={step.old_status} /> <span aria-hidden>→</span>{" "}
            </>
          )}
          <StatusTag status={step.new_status} />
        </p>
      )}
      {step.comment === null ? null : <p className="history-comment">{step.comment}</p>}
    </li>
  );
}

function CommentForm({ id }: { id: string }) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(threatTexts).history;
  const words = useTexts(threatWords);
  const session = useSession();
  const client = useQueryClient();
  const tell = useToast();
  const [comment, setComment] = useState("");
  const [fault, setFault] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  if (!can(session, "threat:write")) {
    return <p className="notice">{words.needsWrite(session ? shared.roles[session.member.role] : "")}</p>;
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    try {
      const params = { path: { threat_id: id } };
      await answerOf(server.POST("/v3/threats/{threat_id}/comments", { params, body: { comment } }));
      setComment("");
      tell(texts.sent);
    } catch (error) {
      setFault(error);
    } finally {
      setBusy(false);
    }
    await client.invalidateQueries({ queryKey: historyQuery(id).queryKey });
  };
  return (
    <Form className="stack" onSubmit={(event) => void submit(event)}>
      <WordField
        label={texts.add}
        hint={texts.hint}
        value={comment}
        onChange={setComment}
        rows={3}
        maxLength={COMMENT_CHARACTERS_MAX}
      />
      {fault === null ? null : <Refused error={fault} />}
      <div>
        <WordButton type="submit" isDisabled={comment.trim() === ""} isPending={isBusy}>
          {texts.send}
        </WordButton>
      </div>
    </Form>
  );
}
