"""Our own keys where they should not stand: found in any text, and those that work marked as exposed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from cybervault.access import tokens
from cybervault.access.audit import OPERATOR, Actor, Change, Happening
from cybervault.access.entries import Entry, refuse_ended
from cybervault.access.keybook import KeyBook
from cybervault.access.tokens import CHECK_CHARACTERS, RANDOM_CHARACTERS, Peppers, Token
from cybervault.domain.principals import KeyId, KeyKind, TenantId
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret

_LOG: Final = structlog.get_logger("cybervault.access.exposure")
_WHERE_CHARACTERS_MAX: Final = 200
# More than this in one text is a list of keys, and each costs a look-up.
_LOOKED_UP_MAX: Final = 1_000
BODY_CHARACTERS: Final = RANDOM_CHARACTERS + CHECK_CHARACTERS
PREFIXES: Final = tuple(sorted((kind.value for kind in KeyKind), key=len, reverse=True))
# Looks ahead and takes nothing, so that a key within the 38 characters behind a prefix is found as well; what stands
# before and after does not matter, the check tells keys from texts that look like one.
_ANYWHERE: Final = re.compile(f"(?=((?:{'|'.join(PREFIXES)})[0-9A-Za-z]{{{BODY_CHARACTERS}}}))")


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A text that is one of our keys by form and check, at a place of a text; whether it works is another question."""

    token: Token
    secret: Secret
    start: int


@dataclass(frozen=True, slots=True)
class ExposedKey:
    """A key of this installation that works and was seen in the open; `is_new`: for the first time."""

    key_id: KeyId
    tenant_id: TenantId
    hint: str
    is_new: bool


def find_keys(text: str) -> tuple[FoundKey, ...]:
    """All keys in a text as it stands, in its order; the work grows with the length of the text and no faster."""
    return tuple(_found(text))


def without_keys(text: str) -> str:
    """The text with every key of ours replaced."""
    for found in reversed(find_keys(text)):
        end = found.start + len(found.token.kind.value) + BODY_CHARACTERS
        text = f"{text[: found.start]}•••{text[end:]}"
    return text


class Exposure:
    """Marks keys that were seen in the open, whoever's they are, and tells nobody but the audit of their tenant."""

    def __init__(self, book: KeyBook, peppers: Peppers) -> None:
        self._book = book
        self._peppers = peppers

    async def seen(
        self, text: str, where: str, *, ip: str | None = None, agent: str | None = None
    ) -> tuple[ExposedKey, ...]:
        """Mark the keys in this text; `where` it stood is kept with the first sighting, without any key in it.

        Gives the keys that work, for who runs this installation; a caller is never told which of them do.
        """
        secrets = list(dict.fromkeys(found.secret for found in find_keys(text)))[:_LOOKED_UP_MAX]
        found = [await self._marked(secret, _place(where), Actor("nobody", None, ip, agent)) for secret in secrets]
        return tuple(one for one in found if one is not None)

    async def seen_key(self, found: FoundKey, where: str) -> ExposedKey | None:
        """Mark a key that was found already; None where it does not work here."""
        return await self._marked(found.secret, _place(where), OPERATOR)

    async def _marked(self, secret: Secret, where: str, actor: Actor) -> ExposedKey | None:
        entry, now = await self._entry(secret), self._book.now()
        if entry is None or not _is_living(entry, now):
            return None
        details = {"where": where, "hint": entry.secret.hint}
        async with self._book.store.transaction():
            is_new = await self._book.store.expose(entry.key_id, now, where)
            if is_new:
                happening = Happening(Change.KEY_EXPOSED, actor, entry.key_id, entry.tenant_id, details)
                await self._book.journal.record(happening)
        if is_new:
            _LOG.warning("key exposed", key_id=entry.key_id, hint=entry.secret.hint, where=where)
        return ExposedKey(entry.key_id, entry.tenant_id, entry.secret.hint, is_new)

    async def _entry(self, secret: Secret) -> Entry | None:
        for pepper in self._peppers.newest_first:
            entry = await self._book.store.entry(tokens.digest(secret, pepper))
            if entry is not None:
                return entry
        return None


def _found(text: str) -> Iterator[FoundKey]:
    for match in _ANYWHERE.finditer(text):
        token = tokens.parse(match[1])
        if token is not None:
            yield FoundKey(token, Secret(match[1]), match.start())


def _is_living(entry: Entry, now: datetime) -> bool:
    try:
        refuse_ended(entry, now)
    except Problem:
        return False
    return True


def _place(where: str) -> str:
    """The place in printable characters, however it came."""
    return "".join(one if one.isprintable() else " " for one in without_keys(where))[:_WHERE_CHARACTERS_MAX]
