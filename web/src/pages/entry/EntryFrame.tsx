/** The narrow pages before the door: a heading, a word of explanation, a form. */

import { type FormEvent, type ReactNode, useState } from "react";
import { Form } from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { Refused } from "../../kit/Asked";
import { WordButton } from "../../kit/Buttons";
import { useTitle } from "../../lib/title";

interface EntryFrameProps {
  title: string;
  lead: string;
  submit: string;
  /** What the form does; what it throws is shown. */
  onSubmit: () => Promise<void>;
  /** Says whether a fault is shown in another way. */
  hides?: (fault: Error) => boolean;
  children: ReactNode;
  after?: ReactNode;
}

export function EntryFrame({ title, lead, submit, onSubmit, hides, children, after }: EntryFrameProps) {
  const { texts } = useSpeech();
  useTitle(title);
  const [fault, setFault] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const run = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    try {
      await onSubmit();
    } catch (error) {
      setFault(error as Error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="entry">
      <h1 className="page-title">{title}</h1>
      <p className="page-lead">{lead}</p>
      <Form className="panel entry-form" onSubmit={(event) => void run(event)}>
        {children}
        {fault === null || hides?.(fault) ? null : <Refused error={fault} />}
        <WordButton variant="primary" type="submit" isPending={isBusy}>
          {isBusy ? texts.entry.busy : submit}
        </WordButton>
      </Form>
      {after}
    </div>
  );
}
