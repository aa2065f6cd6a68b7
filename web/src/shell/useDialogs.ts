/** The dialogs that any page may open. */

import { createContext, useContext } from "react";

export type DialogName = "keys" | "shortcuts" | "palette";

export const DialogContext = createContext<(name: DialogName) => void>(() => undefined);

export function useOpenDialog(): (name: DialogName) => void {
  return useContext(DialogContext);
}
