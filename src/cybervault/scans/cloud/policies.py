"""What a policy document of AWS lets everybody do (pure)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from cybervault.scans.cloud.answers import UnreadableError, json_of

# Keys of conditions that hold for some callers only, whatever their value is as long as it names one.
_NARROWING: Final = frozenset(
    {
        "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceip",
        "aws:sourceorgid", "aws:sourceorgpaths", "aws:vpcsourceip", "aws:principalorgid", "aws:principalorgpaths",
        "aws:principalaccount", "aws:principalarn", "aws:principaltag", "aws:userid", "kms:calleraccount",
        "s3:dataaccesspointaccount", "s3:dataaccesspointarn", "sns:endpoint", "sts:externalid",
    }
)  # fmt: skip
_EVERYWHERE: Final = frozenset({"*", "0.0.0.0/0", "::/0", "arn:*", "arn:aws:*:*:*:*"})
_OPERATORS: Final = ("stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress")
_GITHUB: Final = "token.actions.githubusercontent.com"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a policy, its parts as lists of texts; `conditions` are operator, key and values."""

    sid: str
    is_allowing: bool
    principals: tuple[tuple[str, str], ...]
    has_exception: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]

    @property
    def is_narrow(self) -> bool:
        """Whether a condition holds for some callers only."""
        return any(
            operator in _OPERATORS
            and key.partition("/")[0] in _NARROWING
            and values
            and not any(value in _EVERYWHERE for value in values)
            for operator, key, values in self.conditions
        )

    @property
    def is_for_everybody(self) -> bool:
        """Whether anybody at all may do what it allows."""
        everybody = self.has_exception or any(who == "*" and sort in {"*", "AWS"} for sort, who in self.principals)
        return self.is_allowing and everybody and not self.is_narrow

    @property
    def shown(self) -> str:
        """Its name and what it allows."""
        more = f" and {len(self.actions) - 3} more" if len(self.actions) > 3 else ""  # noqa: PLR2004 - as many are shown
        return f"statement {self.sid or 'without Sid'} allows {', '.join(self.actions[:3])}{more}"


def statements_of(text: str) -> tuple[Statement, ...]:
    """The statements of a policy, percent-encoded or not; raises `UnreadableError`."""
    document = json_of((unquote(text) if text.startswith("%7B") else text).encode(), dict[str, Any])
    found = document.get("Statement", [])
    parts = found if isinstance(found, list) else [found]
    if not all(isinstance(part, dict) for part in parts):
        raise UnreadableError
    return tuple(_statement(part) for part in parts)


def open_statements(text: str) -> list[str]:
    """What a policy lets everybody do; raises `UnreadableError`."""
    return [one.shown for one in statements_of(text) if one.is_for_everybody]


def allows_everything(text: str) -> bool:
    """Whether a policy allows every action on everything; raises `UnreadableError`."""
    return any(
        one.is_allowing and not one.conditions and "*" in one.resources and {"*", "*:*"} & set(one.actions)
        for one in statements_of(text)
    )


def refuses_plain_http(text: str) -> bool:
    """Whether a policy denies everybody what does not come by TLS; raises `UnreadableError`."""
    return any(
        not one.is_allowing
        and any(who == "*" for _, who in one.principals)
        and any(
            operator.startswith("bool") and key == "aws:securetransport" and "false" in values
            for operator, key, values in one.conditions
        )
        for one in statements_of(text)
    )


def any_repository(text: str) -> list[str]:
    """Statements that let the workflows of every repository of GitHub in; raises `UnreadableError`."""
    return [
        one.shown
        for one in statements_of(text)
        if one.is_allowing
        and any(sort == "Federated" and _GITHUB in who for sort, who in one.principals)
        and not any(
            key == f"{_GITHUB}:sub" and values and not any(value in {"*", "repo:*"} for value in values)
            for _, key, values in one.conditions
        )
    ]


def _statement(part: Mapping[str, Any]) -> Statement:
    principals = part.get("Principal", {})
    pairs = principals.items() if isinstance(principals, dict) else [("*", who) for who in _texts(principals)]
    conditions = part.get("Condition")
    return Statement(
        sid=str(part.get("Sid", "")),
        is_allowing=part.get("Effect") == "Allow",
        principals=tuple((str(sort), who) for sort, given in pairs for who in _texts(given)),
        has_exception="NotPrincipal" in part,
        actions=tuple(_texts(part.get("Action", "all but some" if "NotAction" in part else ""))),
        resources=tuple(_texts(part.get("Resource", []))),
        conditions=tuple(_conditions(conditions if isinstance(conditions, dict) else {})),
    )


def _conditions(conditions: Mapping[str, Any]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for operator, about in conditions.items():
        for key, values in (about if isinstance(about, dict) else {}).items():
            yield str(operator).lower(), str(key).lower(), tuple(one.lower() for one in _texts(values))


def _texts(value: object) -> Iterable[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
