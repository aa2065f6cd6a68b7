/** Asks before something that cannot be taken back. */

import type { ReactNode } from "react";
import { FormDialog } from "./FormDialog";

interface ConfirmDialogProps {
  title: string;
  lead: ReactNode;
  submit: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

export function ConfirmDialog({ title, lead, submit, onConfirm, onClose }: ConfirmDialogProps) {
  const confirm = async () => {
    await onConfirm();
    onClose();
  };
  return <FormDialog title={title} lead={lead} submit={submit} isDangerous onSubmit={confirm} onClose={onClose} />;
}
