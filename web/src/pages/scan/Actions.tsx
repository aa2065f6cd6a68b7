/** What can be done with a scan: stop it, take its result along, ask for it again. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { CalendarClock, RotateCw, Square } from "lucide-react";
import { useState } from "react";
import { answerOf, server } from "../../api/server";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { WordButton } from "../../kit/Buttons";
import { ConfirmDialog } from "../../kit/ConfirmDialog";
import { ExportMenu } from "../../kit/ExportMenu";
import { useToast } from "../../kit/Toasts";
import { can, useSession } from "../../session/session";
import { enginesQuery } from "../scans/queries";
import { imagesOf, isOpen, isUploaded, type ScanDetail } from "../scans/search";
import { scanWords } from "../scans/words";
import { scanTexts } from "./texts";

const FORMATS = ["sarif", "csv"] as const;

export function Actions({ scan }: { scan: ScanDetail }) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(scanTexts);
  const words = useTexts(scanWords);
  const session = useSession();
  const isAllowed = can(session, "scan:write");
  const reports = useQuery(enginesQuery).data?.prints_pdf ? ["html", "pdf"] : ["html"];
  const same = { targets: scan.targets.join(" "), profile: scan.profile };
  // Packages are read last: while it goes on there are none yet.
  const images = isOpen(scan) ? [] : imagesOf(scan);
  const packages: Record<string, string> = Object.fromEntries(
    images.map((image) => [
      `cyclonedx&image=${encodeURIComponent(image)}`,
      texts.packages(images.length > 1 ? image : ""),
    ]),
  );
  return (
    <>
      {isAllowed ? null : (
        <span id="scan-reason" className="field-hint">
          {words.needsWrite(session ? shared.roles[session.member.role] : "")}
        </span>
      )}
      <ExportMenu
        texts={{ ...texts.export, ...packages }}
        formats={[...reports, ...FORMATS, ...Object.keys(packages)]}
        path={(format) => `/v3/scans/${scan.id}/export?format=${format}`}
      />
      {isOpen(scan) ? (
        <Stop scan={scan} isAllowed={isAllowed} />
      ) : isAllowed && !isUploaded(scan) ? (
        <>
          <Link className="button button-secondary" to="/scans/schedules" search={{ edit: "new", ...same }}>
            <CalendarClock aria-hidden size={15} />
            {texts.onSchedule}
          </Link>
          <Link className="button button-primary" to="/scans/new" search={same}>
            <RotateCw aria-hidden size={15} />
            {texts.again}
          </Link>
        </>
      ) : null}
    </>
  );
}

function Stop({ scan, isAllowed }: { scan: ScanDetail; isAllowed: boolean }) {
  const texts = useTexts(scanTexts).cancel;
  const client = useQueryClient();
  const tell = useToast();
  const [isAsking, setAsking] = useState(false);
  const [isStopping, setStopping] = useState(false);
  const stop = async () => {
    await answerOf(server.POST("/v3/scans/{scan_id}/cancel", { params: { path: { scan_id: scan.id } } }));
    setStopping(true);
    tell(texts.done);
    void client.invalidateQueries({ queryKey: ["scans"] });
  };
  return (
    <span className="danger">
      <WordButton
        isDisabled={!isAllowed || isStopping}
        {...(isAllowed ? {} : { "aria-describedby": "scan-reason" })}
        onPress={() => setAsking(true)}
      >
        <Square aria-hidden size={14} />
        {isStopping ? texts.stopping : texts.action}
      </WordButton>
      {isAsking ? (
        <ConfirmDialog
          title={texts.title}
          lead={texts.lead}
          submit={texts.submit}
          onConfirm={stop}
          onClose={() => setAsking(false)}
        />
      ) : null}
    </span>
  );
}
