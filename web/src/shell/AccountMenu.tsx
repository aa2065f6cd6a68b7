/** Who has signed in, as whom, and the way out. */

import { CircleUserRound } from "lucide-react";
import { Button, Menu, MenuItem, MenuTrigger, Popover, Separator } from "react-aria-components";
import { useSpeech } from "../i18n/language";
import type { Session } from "../session/session";
import { useSignOut } from "../session/signOut";

export function AccountMenu({ session: { member, tenant } }: { session: Session }) {
  const { texts } = useSpeech();
  const signOut = useSignOut();
  return (
    <MenuTrigger>
      <Button className="icon-button" aria-label={texts.accountMenu.label(member.name)}>
        <CircleUserRound aria-hidden size={19} />
      </Button>
      <Popover className="popover" placement="bottom end">
        <div className="account-who">
          <strong>{member.name}</strong>
          <span className="muted">{member.email}</span>
          <span className="muted">
            {tenant.name} · {texts.roles[member.role]} · {texts.plans[tenant.plan]}
          </span>
        </div>
        <Separator className="separator" />
        <Menu className="options" aria-label={texts.accountMenu.label(member.name)}>
          <MenuItem className="option option-plain" onAction={() => void signOut()}>
            {texts.accountMenu.signOut}
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
