"""What a kind of resource is: how one is found, how all of a region are listed, and what each is asked about."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from cybervault.scans.cloud.answers import Node, UnreadableError
from cybervault.scans.cloud.client import Aws, CloudError

_Said = TypeVar("_Said")

Hit: TypeAlias = tuple[str, str]
"""A rule that holds, and its evidence."""
RESOURCES_MAX: Final = 2_000
PAGES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its whole ARN, its region ("" where it has none), and its name as its own service has it."""

    arn: str
    region: str
    name: str


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is asked about a resource; what is answered "no" to is one of the rules.

    `aspect` is the place under which findings are kept. `ask` is given what `Kind.find` found, and raises
    `CloudError` where it was told nothing.
    """

    aspect: str
    rules: tuple[str, ...]
    ask: Callable[[Aws, Resource, Any], Awaitable[list[Hit]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource. `pattern` reads the last part of an ARN into a name; `absent` are errors that mean "none".

    `all` gives the last part of each ARN of a region (of the account where it `is_global`).
    """

    service: str
    what: str
    pattern: re.Pattern[str]
    absent: frozenset[str]
    find: Callable[[Aws, Resource], Awaitable[Any]]
    questions: tuple[Question, ...]
    all: Callable[[Aws, str], AsyncIterator[str]]
    is_global: bool = False


class AbsentError(Exception):
    """The account has no such resource."""


def judged(judge: Callable[[Any], list[Hit]]) -> Callable[[Aws, Resource, Any], Awaitable[list[Hit]]]:
    """A question that needs nothing but what was found."""

    async def ask(_aws: Aws, _resource: Resource, found: Any) -> list[Hit]:  # noqa: ANN401 - each kind finds its own
        return judge(found)

    return ask


async def pages(aws: Aws, service: str, action: str, *, region: str, **wish: str) -> AsyncIterator[Node]:
    """Page after page of an action that lists, in either of the two ways of the query protocol."""
    for _ in range(PAGES_MAX):
        answer = await aws.query(service, action, region, **wish)
        yield answer
        result = f"{action}Result"
        for name, place in (
            ("NextToken", "nextToken"),
            ("NextToken", f"{result}/NextToken"),
            ("Marker", f"{result}/Marker"),
        ):
            if answer.said(place):
                wish[name] = answer.said(place)
                break
        else:
            return
    raise CloudError(f"{service} lists more than {PAGES_MAX} pages")


async def json_pages(
    aws: Aws, what: tuple[str, str], region: str, *, sort: type[_Said], turn: tuple[str, str] = ("NextToken",) * 2
) -> AsyncIterator[_Said]:
    """Page after page of a service's action that answers in JSON; `turn` is what it gives and wants for the next."""
    wish: dict[str, str] = {}
    for _ in range(PAGES_MAX):
        answer = await aws.json(*what, region, sort=sort, **wish)
        yield answer
        following = getattr(answer, turn[0])
        if not following:
            return
        wish[turn[1]] = following
    raise CloudError(f"{what[0]} lists more than {PAGES_MAX} pages")


async def unless(codes: frozenset[str], answer: Awaitable[Any]) -> Any:  # noqa: ANN401 - what the answer is
    """An answer, or None where one of these errors stands for "nothing is set up"."""
    try:
        return await answer
    except CloudError as error:
        if error.code in codes:
            return None
        raise


def read(reader: Callable[[str], _Said], policy: str) -> _Said:
    """What a policy says; raises `CloudError` where it cannot be read."""
    try:
        return reader(policy)
    except UnreadableError:
        raise CloudError("a policy cannot be read") from None
