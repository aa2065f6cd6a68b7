/** Around every page that wants a signed-in member: who is none is led to the door, and comes back from there. */

import { useQuery } from "@tanstack/react-query";
import { Navigate, Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { Asked } from "../kit/Asked";
import { sessionQuery } from "../session/session";

export function InsidePage() {
  const query = useQuery(sessionQuery);
  return <Asked query={query}>{(session) => (session === null ? <ToTheDoor /> : <Outlet />)}</Asked>;
}

function ToTheDoor() {
  // Where the visitor was at first: the address changes while this is still on the page.
  const [next] = useState(() => window.location.pathname + window.location.search);
  return <Navigate to="/sign-in" search={{ next }} replace />;
}
