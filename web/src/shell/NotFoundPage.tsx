/** Where a link leads nowhere. */

import { Link } from "@tanstack/react-router";
import { useSpeech } from "../i18n/language";
import { Empty } from "../kit/Asked";
import { Page } from "../kit/Page";

export function NotFoundPage() {
  const { texts } = useSpeech();
  return (
    <Page title={texts.notFound.title}>
      <Empty title={texts.notFound.lead} action={<Link to="/">{texts.notFound.home}</Link>} />
    </Page>
  );
}
