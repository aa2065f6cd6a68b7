/** Short notes at the edge of the window: said once to screen readers, gone after a while, never the only place of an error. */

import { X } from "lucide-react";
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from "react";
import { useSpeech } from "../i18n/language";
import { IconButton } from "./Buttons";

const SHOWN_MILLISECONDS = 6000;

interface Toast {
  id: number;
  text: string;
}

const ToastContext = createContext<(text: string) => void>(() => undefined);

/** Says something that went well. */
export function useToast(): (text: string) => void {
  return useContext(ToastContext);
}

export function ToastPlace({ children }: { children: ReactNode }) {
  const { texts } = useSpeech();
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const count = useRef(0);
  const drop = useCallback((id: number) => setToasts((before) => before.filter((toast) => toast.id !== id)), []);
  const tell = useCallback(
    (text: string) => {
      count.current += 1;
      const id = count.current;
      setToasts((before) => [...before.slice(-2), { id, text }]);
      window.setTimeout(() => drop(id), SHOWN_MILLISECONDS);
    },
    [drop],
  );
  return (
    <ToastContext value={tell}>
      {children}
      <div className="toasts" role="status">
        {toasts.map(({ id, text }) => (
          <div key={id} className="toast">
            <span>{text}</span>
            <IconButton label={texts.close} onPress={() => drop(id)}>
              <X aria-hidden size={16} />
            </IconButton>
          </div>
        ))}
      </div>
    </ToastContext>
  );
}
