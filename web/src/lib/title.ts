/** The title of the window: the page's, then the product's. */

import { useEffect } from "react";

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · CyberVault`;
  }, [title]);
}
