/** The head of a page: where it lies, what it is called, and what can be done there, always at the top right. */

import { Link } from "@tanstack/react-router";
import { ChevronRight } from "lucide-react";
import type { ReactNode } from "react";
import { useSpeech } from "../i18n/language";
import { useTitle } from "../lib/title";

interface Crumb {
  text: string;
  to: string;
}

interface PageProps {
  title: string;
  /** Where the title alone names no page, as in a detail: what the window is called. */
  windowTitle?: string;
  lead?: ReactNode;
  crumbs?: readonly Crumb[];
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, windowTitle = title, lead, crumbs = [], actions, children }: PageProps) {
  const { texts } = useSpeech();
  useTitle(windowTitle);
  return (
    <div className="page-frame">
      {crumbs.length === 0 ? null : (
        <nav aria-label={texts.shell.crumbs} className="crumbs">
          <ol>
            {crumbs.map(({ text, to }) => (
              <li key={to}>
                <Link to={to}>{text}</Link>
                <ChevronRight aria-hidden size={14} />
              </li>
            ))}
          </ol>
        </nav>
      )}
      <div className="page-head">
        <h1 className="page-title">{title}</h1>
        {actions === undefined ? null : <div className="page-actions">{actions}</div>}
      </div>
      {lead === undefined ? null : <p className="page-lead">{lead}</p>}
      {children}
    </div>
  );
}
