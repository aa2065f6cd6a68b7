/** One fact of a list of facts (`dl`): what it is, and how it stands; a wide one has a row of its own. */

import type { ReactNode } from "react";

interface FactProps {
  name: string;
  isWide?: boolean;
  children: ReactNode;
}

export function Fact({ name, isWide = false, children }: FactProps) {
  return (
    <div {...(isWide ? { className: "wide-row" } : {})}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
