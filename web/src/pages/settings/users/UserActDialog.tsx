/** What is done to a member only after asking once more. */

import { answerOf, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { ConfirmDialog } from "../../../kit/ConfirmDialog";
import { useToast } from "../../../kit/Toasts";
import { userTexts } from "./texts";
import type { Invited, User } from "./UsersPage";

export type UserAct = "invite" | "suspend" | "resume" | "remove";

interface UserActDialogProps {
  kind: UserAct;
  user: User;
  onInvited: (made: Invited) => void;
  onDone: () => Promise<void>;
  onClose: () => void;
}

export function UserActDialog({ kind, user, onInvited, onDone, onClose }: UserActDialogProps) {
  const texts = useTexts(userTexts);
  const tell = useToast();
  const params = { path: { user_id: user.id } };
  const suspend = async (suspended: boolean) => {
    await answerOf(server.PATCH("/v3/users/{user_id}", { params, body: { suspended } }));
    tell(suspended ? texts.suspended(user.name) : texts.resumed(user.name));
  };
  const acts = {
    invite: {
      title: texts.renewal.title(user.name),
      lead: texts.renewal.lead,
      submit: texts.renewal.submit,
      run: async () => onInvited(await answerOf(server.POST("/v3/users/{user_id}/invitation", { params }))),
    },
    suspend: {
      title: texts.suspension.title(user.name),
      lead: texts.suspension.lead,
      submit: texts.suspend,
      run: () => suspend(true),
    },
    resume: { title: texts.resumeThis(user.name), lead: user.email, submit: texts.resume, run: () => suspend(false) },
    remove: {
      title: texts.removal.title(user.name),
      lead: texts.removal.lead,
      submit: texts.remove,
      run: async () => {
        await answerOf(server.DELETE("/v3/users/{user_id}", { params }));
        tell(texts.removed(user.name));
      },
    },
  };
  const { title, lead, submit, run } = acts[kind];
  const confirm = async () => {
    await run();
    await onDone();
  };
  return <ConfirmDialog title={title} lead={lead} submit={submit} onConfirm={confirm} onClose={onClose} />;
}
