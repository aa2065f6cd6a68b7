"""Stable names for what is random in an answer, in the order in which it first appears."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cybervault.domain.principals import KeyKind

_KINDS: Final = "|".join(sorted((kind.value for kind in KeyKind), key=len, reverse=True))
_ID: Final = re.compile(
    r"\b(req|asm|anl|tel|thr|act|tv|key|usr|sva|job|ses|evt|scan|sgr|sch|sfn|hook)_([0-9a-z]{12}|[0-9a-z]{10})\b"
)
_SECRET: Final = re.compile(rf"({_KINDS})[0-9A-Za-z]{{38}}\b")
_HINT: Final = re.compile(rf"({_KINDS})…([0-9A-Za-z]{{4}})\b")
_UUID: Final = re.compile(r"\bwh_([0-9a-f-]{36})\b")
_WEBHOOK_SECRET: Final = re.compile(r"\bwhsec_[0-9A-Za-z+/=]+")
_BASE64: Final = re.compile(r"[0-9A-Za-z+/]{40,}")
_SHOWN_ONCE: Final = "shown-this-once"
_CURSOR: Final = "bmV4dC1wYWdl"


@dataclass(slots=True)
class Names:
    """What was seen, and how it is called; no secret comes out."""

    _ids: dict[str, dict[str, int]] = field(default_factory=dict)

    def stable(self, value: Any, name: str = "") -> Any:  # noqa: ANN401 - JSON
        """The same, with stable names; `name` is that of the field."""
        match value:
            case dict():
                return {key: self.stable(one, key) for key, one in value.items()}
            case list():
                return [self.stable(one, name) for one in value]
            case str():
                return _OF_FIELDS.get(name, self._text)(value)
            case _:
                return value

    def _text(self, text: str) -> str:
        text = _WEBHOOK_SECRET.sub("whsec_...", _SECRET.sub(r"\1...", text))
        text = _UUID.sub(lambda found: f"wh_00000000-0000-4000-8000-{self._number('wh', found[1]):012}", text)
        text = _HINT.sub(lambda found: f"{found[1]}…{self._number('hint', found[2]):04}", text)
        return _ID.sub(self._id, text)

    def _id(self, found: re.Match[str]) -> str:
        kind, text = found.groups()
        # v2 calls an assessment an analysis, and keeps the rest of its id.
        number = self._number("asm" if kind == "anl" else kind, text)
        return f"{kind}_{number:0{len(text)}}"

    def _number(self, kind: str, text: str) -> int:
        known = self._ids.setdefault(kind, {})
        return known.setdefault(text, len(known) + 1)


def _without_base64(text: str) -> str:
    return _BASE64.sub(lambda found: "A" * len(found[0]), text)


def _public_key(text: str) -> str:
    origin, number, key = text.split("+", 2)
    return f"{origin}+{'0' * len(number)}+{'A' * len(key)}"


_OF_FIELDS: Final[Mapping[str, Callable[[str], str]]] = {
    "next_cursor": lambda _: _CURSOR,
    "invitation_token": lambda _: _SHOWN_ONCE,
    "invitation_url": lambda url: f"{url.partition('#')[0]}#{_SHOWN_ONCE}",
    "note": _without_base64,
    "public_key": _public_key,
}
