/** A page of what only managers of the workspace see and make; the others read why. */

import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { WordButton } from "../../kit/Buttons";
import { Page } from "../../kit/Page";
import { useSession } from "../../session/session";
import { managesKeys } from "./keys/keys";

interface ManagersPageProps {
  texts: { readonly title: string; readonly lead: string; readonly needsManager: string };
  /** The way to a new one. */
  make: { text: string; icon: LucideIcon; onPress: () => void };
  /** What managers see. */
  list: ReactNode;
  /** Dialogs. */
  children: ReactNode;
}

export function ManagersPage({ texts, make, list, children }: ManagersPageProps) {
  const isManaging = managesKeys(useSession());
  const Icon = make.icon;
  return (
    <Page
      title={texts.title}
      lead={texts.lead}
      actions={
        <WordButton
          variant="primary"
          isDisabled={!isManaging}
          {...(isManaging ? {} : { "aria-describedby": "needs-manager" })}
          onPress={make.onPress}
        >
          <Icon aria-hidden size={16} />
          {make.text}
        </WordButton>
      }
    >
      {isManaging ? (
        list
      ) : (
        <p id="needs-manager" className="notice">
          {texts.needsManager}
        </p>
      )}
      {children}
    </Page>
  );
}
