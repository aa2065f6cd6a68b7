"""What the paths of management share: the services behind them, ids as they stand in paths, and pages of lists."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from pydantic import BaseModel, Field

from cybervault.access.audit import Audit
from cybervault.access.changes import KeyChanges
from cybervault.access.checkpoints import Checkpoints
from cybervault.access.consumption import Consumption
from cybervault.access.entries import Gate
from cybervault.access.keys import Keys
from cybervault.access.members import Members
from cybervault.access.minting import Minting
from cybervault.access.service_accounts import ServiceAccounts
from cybervault.access.tenants import Tenants
from cybervault.access.usage import Usage
from cybervault.domain.clock import Clock
from cybervault.faces.call import Call
from cybervault.faces.paging import Cursors, Mark, Page, PageSize

# Contract 1.4.6.
_PAGE_SIZE: Final = PageSize(50, 200)
_ID: Final = re.compile(
    r"\A(?:(?:key|sva|usr)_[0-9a-z]{12}|(?:asm|thr|act|tel|sgr|sch|sfn|scan|hook)_[0-9a-z]{10}|wh_[0-9a-f-]{36})\Z"
)
_NO_ID: Final = "none"

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class Office:
    """The services. `base_url` is where callers reach this server, without a closing slash."""

    clock: Clock
    base_url: str
    cursors: Cursors
    tenants: Tenants
    gate: Gate
    keys: Keys
    minting: Minting
    key_changes: KeyChanges
    service_accounts: ServiceAccounts
    members: Members
    usage: Usage
    consumption: Consumption
    audit: Audit
    checkpoints: Checkpoints


class PageQuery(BaseModel):
    """What a caller says about the page of a list."""

    limit: str | None = Field(default=None, description="How many rows, 50 unless given, at most 200.")
    cursor: str | None = Field(default=None, description="`next_cursor` of the page before.")


class Pagination(BaseModel):
    """How to go on."""

    next_cursor: str | None
    has_more: bool
    limit: int


@dataclass(frozen=True, slots=True)
class Wish:
    """The page that a caller asks for: so many rows from behind `after`, in the list that `bound` names."""

    most: int
    after: tuple[Mark, ...] | None
    bound: tuple[str, ...]


async def wish_of(call: Call, query: PageQuery, cursors: Cursors, **filters: str | None) -> Wish:
    """The page that a call asks for; a cursor holds for the same tenant, path and filters only.

    Raises `Problem` INVALID `invalid_parameter` or `invalid_cursor`.
    """
    principal = await call.principal()
    narrowed = tuple(f"{name}={value}" for name, value in sorted(filters.items()) if value is not None)
    bound = (principal.tenant_id, call.url.path, *narrowed)
    return Wish(_PAGE_SIZE.of(query.limit), cursors.read(query.cursor, *bound), bound)


def page_of(rows: Sequence[RowT], place: Callable[[RowT], tuple[float, str]], wish: Wish) -> Page[RowT]:
    """The page of a list that is in the order of its places, which never change, whatever is added meanwhile."""
    rest = [row for row in rows if wish.after is None or place(row) > wish.after]
    items = tuple(rest[: wish.most])
    return Page(items, place(items[-1]) if len(rest) > wish.most else None)


def pagination_of(wish: Wish, last: Sequence[Mark] | None, cursors: Cursors) -> Pagination:
    """How to go on behind the last row of a page; None where nothing follows."""
    cursor = cursors.write(last, *wish.bound)
    return Pagination(next_cursor=cursor, has_more=cursor is not None, limit=wish.most)


def id_in(path_params: Mapping[str, str], name: str) -> str:
    """An id of the path; what has not the form of one becomes an id that nothing has, and is as unknown."""
    return id_from(path_params[name])


def id_from(text: str) -> str:
    """As `id_in`, of what stands elsewhere in a request."""
    return text if _ID.match(text) else _NO_ID
