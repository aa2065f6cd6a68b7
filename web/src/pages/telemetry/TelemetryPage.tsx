/** Telemetry: files of events go in, batches with what rules found in them come out. */

import "./css/telemetry.css";
import { useTexts } from "../../i18n/texts";
import { Page } from "../../kit/Page";
import { BatchList } from "./BatchList";
import { Intake } from "./Intake";
import { telemetryTexts } from "./texts";

export function TelemetryPage() {
  const texts = useTexts(telemetryTexts);
  return (
    <Page title={texts.title} lead={texts.lead}>
      <Intake />
      <BatchList />
    </Page>
  );
}
