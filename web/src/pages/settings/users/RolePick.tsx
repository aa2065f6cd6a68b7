/** One of the roles that the member may give. */

import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Pick } from "../../../kit/Fields";
import { userTexts } from "./texts";
import type { User } from "./UsersPage";

type Role = User["role"];

const ROLES = ["owner", "admin", "billing_admin", "member", "viewer"] as const satisfies readonly Role[];

interface RolePickProps {
  label: string;
  value: Role;
  /** Whose choice it is: an Owner is made by an Owner alone. */
  by: Role;
  onChange: (role: Role) => void;
  isDisabled?: boolean;
}

export function RolePick({ label, value, by, onChange, isDisabled = false }: RolePickProps) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(userTexts);
  const open = ROLES.filter((role) => role === value || role !== "owner" || by === "owner");
  return (
    <Pick
      label={label}
      value={value}
      options={open.map((id) => ({ id, text: shared.roles[id], hint: texts.roleHints[id] }))}
      onChange={onChange}
      isDisabled={isDisabled}
    />
  );
}
