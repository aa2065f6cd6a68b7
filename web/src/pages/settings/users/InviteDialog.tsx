/** A new member: made at once, let in by a one-time link. */

import { useState } from "react";
import { answerOf, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { WordField } from "../../../kit/Fields";
import { FormDialog } from "../../../kit/FormDialog";
import { RolePick } from "./RolePick";
import { userTexts } from "./texts";
import type { Invited, User } from "./UsersPage";

interface InviteDialogProps {
  by: User["role"];
  onInvited: (made: Invited) => void;
  onClose: () => void;
}

export function InviteDialog({ by, onInvited, onClose }: InviteDialogProps) {
  const texts = useTexts(userTexts);
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState<User["role"]>("member");
  const invite = async () => {
    const made = await answerOf(server.POST("/v3/users", { body: { email, name, role } }));
    onClose();
    onInvited(made);
  };
  return (
    <FormDialog
      title={texts.invite}
      submit={texts.form.submit}
      isIncomplete={email.trim() === "" || name.trim() === ""}
      onSubmit={invite}
      onClose={onClose}
    >
      <WordField
        label={texts.form.email}
        type="email"
        autoComplete="off"
        value={email}
        onChange={setEmail}
        isRequired
        autoFocus
      />
      <WordField label={texts.form.name} autoComplete="off" value={name} onChange={setName} maxLength={64} isRequired />
      <RolePick label={texts.form.role} value={role} by={by} onChange={setRole} />
    </FormDialog>
  );
}
