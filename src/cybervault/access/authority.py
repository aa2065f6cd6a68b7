"""Who may make and change keys: pure rules over the caller, the key and what is asked for."""

from typing import Final

from cybervault.access.entries import rights_of
from cybervault.access.life import Edit, Key, NewExpiry
from cybervault.domain.principals import KeyKind, MemberId, Principal, Role, Scope, TenantId
from cybervault.domain.problems import Problem, ProblemKind

_RUNNING: Final = frozenset({Role.OWNER, Role.ADMIN})


def refuse_minting(by: Principal | None, kind: KeyKind, *, owner_id: MemberId | None) -> None:
    """Whether the caller may make such a key at all; None is the operator, who may.

    A personal key is made by its owner alone, any other by who manages keys. Raises `Problem` FORBIDDEN
    `insufficient_role`, `invalid_scope` or `outgoing_secret`.
    """
    if by is None:
        return
    _refuse_key_without_right(by)
    if not kind.is_personal:
        _refuse_unless_managing(by)
    elif by.member_id is None or by.member_id != owner_id:
        raise _insufficient("A personal key is made by the member whose rights it has.")


def refuse_managing(by: Principal | None, tenant_id: TenantId) -> None:
    """Whether the caller may make and change service accounts of this tenant.

    Raises `Problem` NOT_FOUND `tenant_not_found`; FORBIDDEN as `refuse_change` does.
    """
    if by is None:
        return
    if by.tenant_id != tenant_id:
        raise Problem(ProblemKind.NOT_FOUND, code="tenant_not_found", message="There is no tenant of this id.")
    _refuse_key_without_right(by)
    _refuse_unless_managing(by)


def refuse_change(by: Principal | None, key: Key) -> None:
    """Whether the caller may change this key: its owner, who runs the tenant, or a key that manages keys.

    Raises `Problem` FORBIDDEN `insufficient_role`, `invalid_scope` or `outgoing_secret`.
    """
    if by is None:
        return
    _refuse_key_without_right(by)
    if key.owner_id is None or key.owner_id != by.member_id:
        _refuse_unless_managing(by)


def refuse_giving(by: Principal | None, key: Key, *, role: Role | None) -> None:
    """Whether the caller may get a secret of this key: nobody gets more than they have themselves.

    `role` is that of the key's owner. Raises `Problem` FORBIDDEN `scope_not_held` or `insufficient_role`.
    """
    if by is None:
        return
    if role is Role.OWNER and by.role is not Role.OWNER:
        raise _insufficient("A new secret of an Owner's personal key goes to an Owner only; it can be revoked.")
    refuse_beyond(by, rights_of(key.kind, key.scopes, role=role))


def refuse_widening(by: Principal | None, key: Key, edit: Edit, *, role: Role | None) -> None:
    """Whether the caller may let a key do more than until now.

    Raises `Problem` FORBIDDEN `scope_not_held`, or `own_key` where a key would widen itself.
    """
    if by is None:
        return
    added = _added(key, edit.scopes, role)
    refuse_beyond(by, added)
    if by.key_id == key.id and (added or _is_longer(key, edit.expiry) or _is_wider(key, edit)):
        raise _own_key()


def refuse_beyond(by: Principal | None, wanted: frozenset[Scope]) -> None:
    """Raise `Problem` FORBIDDEN `scope_not_held` where the caller lacks one of these scopes."""
    beyond = [] if by is None else sorted(scope for scope in wanted if not by.has_scope(scope))
    if beyond:
        raise Problem(
            ProblemKind.FORBIDDEN,
            code="scope_not_held",
            message=f"Nobody can give what they do not have themselves: {', '.join(beyond)}.",
        )


def refuse_own_renewal(by: Principal | None, key: Key, expiry: NewExpiry | None) -> None:
    """Raise `Problem` FORBIDDEN `own_key` where a key would give itself a longer life."""
    if by is not None and by.key_id == key.id and _is_longer(key, expiry):
        raise _own_key()


def refuse_without_reason(by: Principal | None, key: Key, reason: str) -> None:
    """Raise `Problem` INVALID `reason_required` where somebody else's personal key is revoked without a word why."""
    is_own = by is not None and by.member_id == key.owner_id
    if key.owner_id is not None and not is_own and not reason.strip():
        raise Problem(
            ProblemKind.INVALID,
            code="reason_required",
            message="Say why: this is the personal key of somebody else, and the reason goes to the audit.",
        )


def may_see(by: Principal, key: Key) -> bool:
    """Whether the caller may look at a key: their own, or any of the tenant for who manages keys."""
    is_own = key.owner_id is not None and key.owner_id == by.member_id
    return is_own or by.key_id == key.id or may_see_all(by)


def may_see_all(by: Principal) -> bool:
    """Whether the caller may look at every key of its tenant."""
    return by.has_scope(Scope.KEYS_MANAGE) and _is_running(by)


def _refuse_key_without_right(by: Principal) -> None:
    """A key changes keys only if it manages keys, and never by the secret that is on its way out."""
    if by.key_id is None:
        return
    if by.is_outgoing_secret:
        raise Problem(
            ProblemKind.FORBIDDEN,
            code="outgoing_secret",
            message="The old secret of a rotating key may not change keys. Use the new one.",
        )
    if not by.has_scope(Scope.KEYS_MANAGE):
        raise Problem(
            ProblemKind.FORBIDDEN,
            code="invalid_scope",
            message=f"The key lacks the scope {Scope.KEYS_MANAGE} that this needs.",
        )


def _refuse_unless_managing(by: Principal) -> None:
    if not _is_running(by) or not by.has_scope(Scope.KEYS_MANAGE):
        raise _insufficient("Only an Owner or Admin may make or change the keys of others.")


def _is_running(by: Principal) -> bool:
    """Whether the caller runs the tenant; a key without a member does what its scopes say."""
    return by.role is None or by.role in _RUNNING


def _added(key: Key, scopes: frozenset[Scope] | None, role: Role | None) -> frozenset[Scope]:
    """What a change of scopes adds now, or would add with a larger role."""
    if scopes is None:
        return frozenset()
    return (rights_of(key.kind, scopes, role=role) | scopes) - rights_of(key.kind, key.scopes, role=role) - key.scopes


def _is_longer(key: Key, expiry: NewExpiry | None) -> bool:
    if expiry is None or key.expires_at is None:
        return False
    return expiry.at is None or expiry.at > key.expires_at


def _is_wider(key: Key, edit: Edit) -> bool:
    """Whether a changed list of networks lets in an address that was kept out."""
    if edit.networks is None or not key.networks:
        return False
    return not edit.networks or not all(
        any(new.version == old.version and new.subnet_of(old) for old in key.networks)  # type: ignore[arg-type]
        for new in edit.networks
    )


def _own_key() -> Problem:
    return Problem(ProblemKind.FORBIDDEN, code="own_key", message="A key cannot widen itself; use another, or sign in.")


def _insufficient(message: str) -> Problem:
    return Problem(ProblemKind.FORBIDDEN, code="insufficient_role", message=message)
