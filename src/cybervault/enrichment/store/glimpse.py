"""Remembered answers, read beside whoever keeps them: for a command that has no server."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final, cast

from cybervault.domain.secrets import Secret
from cybervault.enrichment.store.kept import AnswerKey, Place, Remembered, Row, place_of, remembered
from cybervault.storage.glimpse import Asked, rows_at

_AT_ONCE: Final = 500
_ANY: Final = "SELECT 1 FROM answers WHERE forget_at > $1 LIMIT 1"
_MANY: Final = (
    "SELECT source, kind, value, key_fingerprint, answer, answered_at, forget_at FROM answers"
    " WHERE source IN ({sources}) AND kind = $1 AND value IN ({values})"
)


def is_any_remembered(place: Path | Secret, now: datetime) -> bool:
    """Whether there is a single answer that is young enough; `Problem` UNAVAILABLE `database_unusable`."""
    return bool(rows_at(place, [Asked(_ANY, [_seconds(now)])]))


def remembered_at(place: Path | Secret, wanted: Sequence[AnswerKey], now: datetime) -> dict[AnswerKey, Remembered]:
    """Those of these answers that are young enough; `Problem` UNAVAILABLE `database_unusable`."""
    keys = {place_of(one): one for one in wanted}
    rows = {Place(*row[:4]): Row(*row[4:]) for row in cast("Any", rows_at(place, _asked(keys)))}
    found = ((key, remembered(rows[at], _seconds(now))) for at, key in keys.items() if at in rows)
    return {key: one for key, one in found if one is not None}


def _asked(places: Iterable[Place]) -> Iterator[Asked]:
    sources, values = dict[str, None](), dict[str, dict[str, None]]()
    for place in places:
        sources[place.source] = None
        values.setdefault(place.kind, {})[place.value] = None
    for kind, some in values.items():
        for begin in range(0, len(some), _AT_ONCE):
            these = [*some][begin : begin + _AT_ONCE]
            behind = 2 + len(sources)
            statement = _MANY.format(sources=_numbers(2, behind), values=_numbers(behind, behind + len(these)))
            yield Asked(statement, [kind, *sources, *these])


def _numbers(first: int, behind: int) -> str:
    return ", ".join(f"${number}" for number in range(first, behind))


def _seconds(now: datetime) -> int:
    return int(now.timestamp())
