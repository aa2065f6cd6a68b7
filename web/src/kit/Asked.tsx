/** What was asked of the server, in each of its states: on its way, refused, empty, there. */

import type { UseQueryResult } from "@tanstack/react-query";
import { CircleAlert, LoaderCircle } from "lucide-react";
import type { ReactNode } from "react";
import { Refusal } from "../api/server";
import { useSpeech } from "../i18n/language";
import { WordButton } from "./Buttons";

interface AskedProps<T> {
  query: UseQueryResult<T>;
  children: (data: T) => ReactNode;
}

/** What is there stays on the page while it is asked for anew. */
export function Asked<T>({ query, children }: AskedProps<T>) {
  if (query.data !== undefined) return children(query.data);
  if (query.error !== null) return <Refused error={query.error} again={() => void query.refetch()} />;
  return <Waiting />;
}

export function Waiting() {
  const { texts } = useSpeech();
  return (
    <p className="waiting" role="status">
      <LoaderCircle aria-hidden size={17} className="spin" />
      {texts.asked.waiting}
    </p>
  );
}

/** Says what went wrong in the server's words, what its number is, and offers to try again. */
export function Refused({ error, again }: { error: unknown; again?: () => void }) {
  const { texts } = useSpeech();
  const refusal = error instanceof Refusal ? error : new Refusal(0, "unreachable", String(error));
  const isAway = refusal.code === "unreachable";
  return (
    <div className="box box-error" role="alert">
      <CircleAlert aria-hidden size={19} />
      <div>
        <strong>{isAway ? texts.asked.unreachable : texts.asked.refused}</strong>
        <p className="server-text">
          {refusal.message}
          {isAway ? null : (
            <>
              {" "}
              <a href={`/api/docs/problems/${refusal.code}`}>
                <code>{refusal.code}</code>
              </a>
            </>
          )}
        </p>
        {refusal.requestId === null ? null : (
          <p className="field-hint">
            {texts.asked.requestId} <code>{refusal.requestId}</code>
          </p>
        )}
        <div className="box-actions">
          {again === undefined ? null : <WordButton onPress={again}>{texts.asked.again}</WordButton>}
        </div>
      </div>
    </div>
  );
}

/** Nothing is there, and what to do about it. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="panel empty empty-page">
      <strong>{title}</strong>
      {children === undefined ? null : <p>{children}</p>}
      {action}
    </div>
  );
}
