/** The first page: the dashboard for who has signed in and may see threats, the analysis for everybody else. */

import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Waiting } from "../../kit/Asked";
import { can, sessionQuery } from "../../session/session";
import { AnalyzePage } from "../analyze/AnalyzePage";
import { readAddress } from "../analyze/address";

const DashboardPage = lazy(async () => ({ default: (await import("../dashboard/DashboardPage")).DashboardPage }));

export function HomePage() {
  const { data: session, isPending } = useQuery(sessionQuery);
  // A link to an analysis stays one, whoever follows it.
  if (readAddress(window.location.search).ioc !== "") return <AnalyzePage />;
  if (isPending) return <Waiting />;
  if (!can(session, "threat:read")) return <AnalyzePage />;
  return (
    <Suspense fallback={<Waiting />}>
      <DashboardPage />
    </Suspense>
  );
}
