/** A dialog over the page: closed by Escape, by its cross and by a click beside it. */

import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Button, Dialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useSpeech } from "../i18n/language";

interface OverlayProps {
  title: string;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  children: ReactNode;
}

export function Overlay({ title, isOpen, onOpenChange, children }: OverlayProps) {
  const { texts } = useSpeech();
  return (
    <ModalOverlay className="overlay" isDismissable isOpen={isOpen} onOpenChange={onOpenChange}>
      <Modal className="modal">
        <Dialog className="dialog">
          <header className="dialog-head">
            <Heading slot="title" className="dialog-title">
              {title}
            </Heading>
            <Button slot="close" className="icon-button" aria-label={texts.close}>
              <X aria-hidden size={18} />
            </Button>
          </header>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
