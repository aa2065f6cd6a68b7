/** Something that opens on demand; its content is made only when it is first opened. */

import { ChevronRight } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button, Disclosure, DisclosurePanel } from "react-aria-components";

interface FoldProps {
  label: string;
  /** For screen readers, where the visible label alone says too little; must begin with it. */
  fullLabel?: string;
  /** Keeps its place, but there is nothing to open yet. */
  isWaiting?: boolean;
  children: () => ReactNode;
}

export function Fold({ label, fullLabel, isWaiting = false, children }: FoldProps) {
  const [isExpanded, setExpanded] = useState(false);
  return (
    <Disclosure className="fold" isExpanded={isExpanded} onExpandedChange={setExpanded}>
      <Button slot="trigger" className="fold-trigger" aria-label={fullLabel ?? label} isDisabled={isWaiting}>
        <ChevronRight aria-hidden size={15} className="fold-sign" />
        {label}
      </Button>
      <DisclosurePanel className="fold-panel">{isExpanded ? children() : null}</DisclosurePanel>
    </Disclosure>
  );
}
