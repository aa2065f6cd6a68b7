/** The red box: our own words for what failed, the server's under details, and a way on. */

import { CircleX } from "lucide-react";
import { useEffect, useState } from "react";
import type { Failure } from "../../api/failures";
import type { Texts } from "../../i18n/en";
import { useSpeech } from "../../i18n/language";
import { WordButton } from "../../kit/Buttons";
import { Fold } from "../../kit/Fold";

function failureText(texts: Texts, failure: Failure): string {
  switch (failure.where) {
    case "ioc":
    case "ai":
      return texts.errors[failure.where][failure.errorType];
    case "request":
      return failure.code.includes("missing") ? texts.errors.missing : texts.errors.request;
    default:
      return texts.errors[failure.where];
  }
}

interface ErrorBoxProps {
  failure: Failure;
  /** Whether sources and score came through and only the text did not. */
  isOfModel?: boolean;
  retry: () => void;
  openKeys: () => void;
}

export function ErrorBox({ failure, isOfModel = false, retry, openKeys }: ErrorBoxProps) {
  const { texts } = useSpeech();
  const isOfKey = (failure.where === "ioc" || failure.where === "ai") && failure.errorType === "invalid_api_key";
  return (
    <section className="box box-error" role="alert">
      <CircleX aria-hidden size={18} />
      <div>
        <h3>{isOfModel ? texts.errors.headingAi : texts.errors.heading}</h3>
        <p>{failureText(texts, failure)}</p>
        {isOfModel ? <p className="muted">{texts.errors.scoreStands}</p> : null}
        <div className="box-actions">
          {failure.where === "request" ? null : <RetryButton failure={failure} retry={retry} />}
          {isOfKey ? <WordButton onPress={openKeys}>{texts.errors.keys}</WordButton> : null}
        </div>
        {failure.serverText === "" ? null : (
          <Fold label={texts.errors.details}>{() => <p className="server-text">{failure.serverText}</p>}</Fold>
        )}
      </div>
    </section>
  );
}

/** Counts the seconds down that the server asked us to wait. */
function RetryButton({ failure, retry }: { failure: Failure; retry: () => void }) {
  const { texts } = useSpeech();
  const [seconds, setSeconds] = useState(failure.where === "limit" ? failure.seconds : 0);
  useEffect(() => {
    if (seconds <= 0) return;
    const timer = window.setTimeout(() => setSeconds(seconds - 1), 1000);
    return () => window.clearTimeout(timer);
  }, [seconds]);
  return (
    <WordButton isDisabled={seconds > 0} onPress={retry}>
      {seconds > 0 ? texts.errors.retryIn(seconds) : texts.errors.retry}
    </WordButton>
  );
}
