/** Another password, after which only this session goes on. */

import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { answerOf, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { Refused } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { WordField } from "../../kit/Fields";
import { useToast } from "../../kit/Toasts";
import { useChange } from "../../session/useChange";
import { accountTexts } from "./texts";

export function PasswordPanel() {
  const texts = useTexts(accountTexts).password;
  const client = useQueryClient();
  const tell = useToast();
  const { isBusy, fault, run } = useChange();
  const [current, setCurrent] = useState("");
  const [fresh, setFresh] = useState("");
  const change = async () => {
    await answerOf(server.POST("/api/console/password", { body: { current, new: fresh } }));
    setCurrent("");
    setFresh("");
    tell(texts.done);
    await client.invalidateQueries({ queryKey: ["sessions"] });
  };
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (!isBusy) void run(change);
  };
  return (
    <section className="panel" aria-labelledby="password">
      <Form className="stack" onSubmit={send}>
        <h2 id="password" className="section-title">
          {texts.heading}
        </h2>
        <div className="form-row">
          <WordField
            label={texts.current}
            type="password"
            autoComplete="current-password"
            value={current}
            onChange={setCurrent}
            isRequired
          />
          <WordField
            label={texts.fresh}
            hint={texts.hint}
            type="password"
            autoComplete="new-password"
            value={fresh}
            onChange={setFresh}
            isRequired
          />
        </div>
        {fault === null ? null : <Refused error={fault} />}
        <span>
          <WordButton type="submit">{texts.submit}</WordButton>
        </span>
      </Form>
    </section>
  );
}
