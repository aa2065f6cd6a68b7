/** What came of a batch as a file: its matches, or a layer for the ATT&CK Navigator. */

import { useState } from "react";
import { answerOf, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { ExportMenu } from "../../kit/ExportMenu";
import { useToast } from "../../kit/Toasts";
import { downloadJson, downloadText } from "../../lib/download";
import { type Match, navigatorLayer, type Tally } from "./batch";
import { csvOf } from "./csv";
import { batchTexts } from "./texts";

const FORMATS = ["csv", "ndjson", "navigator"] as const;
type Format = (typeof FORMATS)[number];
const PAGE_MATCHES = "200";

interface BatchExportProps {
  id: string;
  name: string;
  result: Tally;
}

export function BatchExport({ id, name, result }: BatchExportProps) {
  const texts = useTexts(batchTexts).export;
  const tell = useToast();
  const [isBusy, setBusy] = useState(false);
  const save = async (format: Format) => {
    setBusy(true);
    try {
      if (format === "navigator") {
        downloadJson(`${id}-navigator.json`, navigatorLayer(name, result));
        return;
      }
      const matches = await allMatches(id);
      const lines = matches.map((match) => `${JSON.stringify(match)}\n`).join("");
      if (format === "ndjson") downloadText(`${id}.ndjson`, lines, "application/x-ndjson");
      else downloadText(`${id}.csv`, csvOf(matches), "text/csv");
    } catch (error) {
      tell(texts.failed(String(error)));
    } finally {
      setBusy(false);
    }
  };
  return <ExportMenu texts={texts} formats={FORMATS} save={(format) => void save(format)} isBusy={isBusy} />;
}

async function allMatches(id: string): Promise<Match[]> {
  const found: Match[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const query: { limit: string; cursor?: string } = { limit: PAGE_MATCHES, ...(cursor === "" ? {} : { cursor }) };
    const path = "/v3/telemetry/{batch_id}/matches";
    const page = await answerOf(server.GET(path, { params: { path: { batch_id: id }, query } }));
    found.push(...page.data);
    cursor = page.pagination.next_cursor;
  }
  return found;
}
