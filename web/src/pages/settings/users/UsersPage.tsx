/** Who belongs to the workspace: roles, invitations, suspensions. */

import "../css/settings.css";
import { infiniteQueryOptions, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { UserPlus } from "lucide-react";
import { useState } from "react";
import { answerOf, type Shapes, server } from "../../../api/server";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { Asked, Refused } from "../../../kit/Asked";
import { WordButton } from "../../../kit/Buttons";
import { OnceDialog, OnceText } from "../../../kit/OnceDialog";
import { StateTag, type Tone } from "../../../kit/Tags";
import { Moment } from "../../../kit/Times";
import { useToast } from "../../../kit/Toasts";
import { type Session, useSession } from "../../../session/session";
import { useChange } from "../../../session/useChange";
import { ManagersPage } from "../ManagersPage";
import { from, More, PAGING } from "../More";
import { InviteDialog } from "./InviteDialog";
import { RolePick } from "./RolePick";
import { userTexts } from "./texts";
import { type UserAct, UserActDialog } from "./UserActDialog";

export type User = Shapes["UserReply"];
export type Invited = Shapes["InvitedUserReply"];

const usersQuery = infiniteQueryOptions({
  queryKey: ["users"],
  queryFn: ({ pageParam, signal }) => answerOf(server.GET("/v3/users", { params: { query: from(pageParam) }, signal })),
  ...PAGING,
});

const TONE: Record<User["state"], Tone> = { active: "good", suspended: "warn", removed: "plain" };

export function UsersPage() {
  const texts = useTexts(userTexts);
  const session = useSession();
  const client = useQueryClient();
  const [isInviting, setInviting] = useState(false);
  // Holds a one-time link: here alone, and gone with the page.
  const [invited, setInvited] = useState<Invited | null>(null);
  const show = (made: Invited) => {
    setInvited(made);
    void client.invalidateQueries({ queryKey: usersQuery.queryKey });
  };
  return (
    <ManagersPage
      texts={texts}
      make={{ text: texts.invite, icon: UserPlus, onPress: () => setInviting(true) }}
      list={session ? <Users session={session} onInvited={show} /> : null}
    >
      {isInviting && session ? (
        <InviteDialog by={session.member.role} onInvited={show} onClose={() => setInviting(false)} />
      ) : null}
      {invited === null ? null : <Invitation invited={invited} onStored={() => setInvited(null)} />}
    </ManagersPage>
  );
}

function Invitation({ invited, onStored }: { invited: Invited; onStored: () => void }) {
  const { formats } = useSpeech();
  const texts = useTexts(userTexts).once;
  return (
    <OnceDialog title={texts.title} lead={texts.lead(invited.name)} onStored={onStored}>
      <OnceText
        label={texts.link}
        text={invited.invitation_url}
        hint={`${texts.until}: ${formats.moment(invited.invitation_expires_at)}`}
      />
    </OnceDialog>
  );
}

function Users({ session, onInvited }: { session: Session; onInvited: (made: Invited) => void }) {
  const texts = useTexts(userTexts);
  const client = useQueryClient();
  const query = useInfiniteQuery(usersQuery);
  const [act, setAct] = useState<{ kind: UserAct; user: User } | null>(null);
  const renew = () => client.invalidateQueries({ queryKey: usersQuery.queryKey });
  return (
    <>
      <Asked query={query}>
        {({ pages }) => (
          <div className="table-box panel-table">
            <table className="table">
              <caption className="visually-hidden">{texts.title}</caption>
              <thead>
                <tr>
                  {(["name", "role", "state", "since", "actions"] as const).map((column) => (
                    <th key={column} scope="col">
                      {texts.columns[column]}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {pages.flatMap(({ data }) =>
                  data.map((user) => (
                    <Row
                      key={user.id}
                      user={user}
                      session={session}
                      onAct={(kind) => setAct({ kind, user })}
                      onChanged={renew}
                    />
                  )),
                )}
              </tbody>
            </table>
          </div>
        )}
      </Asked>
      <More query={query} />
      {act === null ? null : (
        <UserActDialog {...act} onInvited={onInvited} onDone={renew} onClose={() => setAct(null)} />
      )}
    </>
  );
}

interface RowProps {
  user: User;
  session: Session;
  onAct: (kind: UserAct) => void;
  onChanged: () => Promise<void>;
}

function Row({ user, session, onAct, onChanged }: RowProps) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(userTexts);
  const tell = useToast();
  const { isBusy, fault, run } = useChange();
  const isSelf = user.id === session.member.id;
  const isAbove = user.role === "owner" && session.member.role !== "owner";
  const isFixed = isAbove || user.state === "removed";
  const setRole = (role: User["role"]) =>
    run(async () => {
      await answerOf(server.PATCH("/v3/users/{user_id}", { params: { path: { user_id: user.id } }, body: { role } }));
      await onChanged();
      tell(texts.roleChanged(user.name, shared.roles[role]));
    });
  return (
    <tr data-ended={user.state === "removed"}>
      <th scope="row" className="key-name">
        {user.name} {isSelf ? <StateTag tone="plain">{texts.you}</StateTag> : null}
        <span className="field-hint key-hint">{user.email}</span>
        {fault === null ? null : <Refused error={fault} />}
      </th>
      <td className="role-cell">
        <RolePick
          label={texts.roleOf(user.name)}
          value={user.role}
          by={session.member.role}
          isDisabled={isFixed || isBusy}
          onChange={(role) => void setRole(role)}
        />
        {isAbove ? <span className="field-hint">{texts.onlyOwner}</span> : null}
      </td>
      <td>
        <StateTag tone={TONE[user.state]}>{texts.states[user.state]}</StateTag>
      </td>
      <td>
        <Moment at={user.created_at} />
      </td>
      <td>{isFixed ? null : <Acts user={user} isSelf={isSelf} onAct={onAct} />}</td>
    </tr>
  );
}

function Acts({ user, isSelf, onAct }: { user: User; isSelf: boolean; onAct: (kind: UserAct) => void }) {
  const texts = useTexts(userTexts);
  const isSuspended = user.state === "suspended";
  return (
    <span className="button-row">
      <WordButton
        variant="quiet"
        aria-label={texts.invitationFor(user.name)}
        isDisabled={isSuspended}
        onPress={() => onAct("invite")}
      >
        {texts.invitation}
      </WordButton>
      {isSelf ? null : (
        <WordButton
          variant="quiet"
          aria-label={isSuspended ? texts.resumeThis(user.name) : texts.suspendThis(user.name)}
          onPress={() => onAct(isSuspended ? "resume" : "suspend")}
        >
          {isSuspended ? texts.resume : texts.suspend}
        </WordButton>
      )}
      {isSelf ? null : (
        <WordButton variant="quiet" aria-label={texts.removeThis(user.name)} onPress={() => onAct("remove")}>
          {texts.remove}
        </WordButton>
      )}
    </span>
  );
}
