"""Rules that fired and the tally of them, written shortly."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from cybervault.assessments.known_bad import BadIndicator
from cybervault.cli.detections.tally import Place, Tally
from cybervault.detection.engine import Match
from cybervault.detection.mentions import Mention
from cybervault.detection.record import Record, Value
from cybervault.detection.rule import Rule
from cybervault.domain.assessments import Part
from cybervault.domain.observables import parse_observable
from tests.assessments.made import WEIGHING
from tests.detection.sigma import PROCESSES, rule, selecting

AT = datetime(2026, 11, 1, 8, tzinfo=UTC)
HOSTILE = "<script>alert(1)</script>\"'&\x1b[31m\u202e"


def a_rule(title: str = "A rule", *tags: str, **more: object) -> Rule:
    """A rule about the field Image, with an id made of its title."""
    number = f"{sum(map(ord, title)):012x}"
    whole = {"title": title, "id": f"4b89abaa-99fe-4232-afdd-{number}", "tags": [f"attack.{tag}" for tag in tags]}
    return rule(selecting(Image__endswith="\\x.exe"), **(whole | more))


def tally_of(*events: Iterable[Rule | Match], **fields: Value) -> Tally:
    """An event for each group of rules, an hour after the one before it."""
    tally = Tally()
    for number, found in enumerate(events):
        add(tally, found, at=AT.replace(hour=(AT.hour + number) % 24), line=number + 1, **fields)
    return tally


def add(
    tally: Tally, found: Iterable[Rule | Match], *, at: datetime | None = AT, line: int = 1, **fields: Value
) -> None:
    """One event on which these fired."""
    known: dict[str, Value] = {"CommandLine": "x.exe -a", "Image": "C:\\x.exe", "Computer": "ws-1"}
    entities = (("host", str(fields.get("Computer", "ws-1"))), ("user", str(fields.get("User", "anna"))))
    record = Record(PROCESSES, known | fields, at, named=entities)
    matches = [one if isinstance(one, Match) else Match(one) for one in found]
    if not matches:
        tally.events += 1
        return
    for _ in tally.add(Place(Path("events.ndjson"), line, (record,)), matches):
        pass


def a_bad_one(text: str = "198.51.100.42", *hosts: str, at: datetime | None = AT) -> BadIndicator:
    """Named by two events of each host, and once without one where there is none; its score is 92."""
    observable = parse_observable(text)
    mention = Mention(observable, 2 * len(hosts) or 1, hosts, (at,) * len(hosts))
    return BadIndicator(mention, Part(observable, WEIGHING, ()))
