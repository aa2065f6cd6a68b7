/** Keeps what is known of an indicator as an assessment, whose address can be shared; for who may make one. */

import { useNavigate } from "@tanstack/react-router";
import { Share2 } from "lucide-react";
import { useState } from "react";
import { answerOf, server } from "../../api/server";
import { useTexts } from "../../i18n/texts";
import { WorkButton } from "../../kit/Buttons";
import { useToast } from "../../kit/Toasts";
import { assessmentTexts } from "../assessments/texts";

export default function KeepButton({ value }: { value: string }) {
  const texts = useTexts(assessmentTexts).keep;
  const navigate = useNavigate();
  const tell = useToast();
  const [isBusy, setBusy] = useState(false);
  const keep = async () => {
    setBusy(true);
    try {
      const body = { observables: [value], depth: "deep" as const };
      const { data } = await answerOf(server.POST("/v3/observables/lookup", { body }));
      const id = data[0]?.assessment?.assessment_id;
      if (id === undefined) tell(texts.failed(data[0]?.error?.message ?? ""));
      else await navigate({ to: "/assessments/$id", params: { id } });
    } catch (error) {
      tell(texts.failed(String(error)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <WorkButton isBusy={isBusy} onPress={() => void keep()}>
      <Share2 aria-hidden size={15} />
      {texts.action}
    </WorkButton>
  );
}
