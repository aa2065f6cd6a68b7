"""Known bad addresses, domains and hashes as each form of answer has them."""

from collections.abc import Iterator, Sequence
from typing import Final

from cybervault.assessments.conclude import hit_of_part
from cybervault.assessments.known_bad import BadIndicator, HitName
from cybervault.faces.moments import spelled
from cybervault.pages.markup import Markup, element, lines
from cybervault.pages.sheet import badge, quiet, table, when
from cybervault.pages.visible import visible

INDICATORS_MAX: Final = 100
"""So many are on the page; the other forms have all."""
_HOSTS_SHOWN: Final = 3
_HEADS: Final = ("level", "indicator", "score", "events", "named on", "why")


def title_of(one: BadIndicator) -> str:
    """What it is, for people."""
    part, name = one.part, HitName.of(hit_of_part(one.part).name)
    return f"{name.verdict.capitalize()} {name.kind} {visible(part.observable.value)}"


def whom(one: BadIndicator) -> str:
    """The first hosts that named it, and how many more were told."""
    hosts = [visible(host) for host in one.mention.hosts]
    more = f" and {len(hosts) - _HOSTS_SHOWN} more" if len(hosts) > _HOSTS_SHOWN else ""
    return f"{', '.join(hosts[:_HOSTS_SHOWN])}{more}"


def document_of(one: BadIndicator) -> dict[str, object]:
    """For machines."""
    weighing, observable = one.part.weighing, one.part.observable
    return {
        "indicator": observable.value,
        "kind": observable.kind.value,
        "verdict": weighing.verdict.value,
        "score": weighing.score,
        "level": weighing.severity.value,
        "summary": visible(weighing.summary),
        "events": one.mention.count,
        "hosts": [
            {"name": visible(host), "at": at and spelled(at)} for host, at in one.mention.by_host().items()
        ],
    }  # fmt: skip


def sarif_of(one: BadIndicator) -> dict[str, object]:
    """A result without a file, for any event may name it: what it is on are the hosts."""
    weighing = one.part.weighing
    about = f" on {whom(one)}" if one.mention.hosts else ""
    places = [{"name": visible(host), "kind": "resource"} for host in one.mention.hosts]
    return {
        "ruleId": hit_of_part(one.part).name,
        "message": {"text": f"{title_of(one)}, named by {one.mention.count:,} events{about}. {weighing.summary}"},
        "locations": [{"logicalLocations": places}] if places else [],
        "properties": {"score": weighing.score, "events": one.mention.count},
    }


def page_part(found: Sequence[BadIndicator]) -> Markup:
    """A table, the worst first."""
    left = len(found) - INDICATORS_MAX
    said = f"{left:,} more are not shown." if left > 0 else "Known from earlier answers; nobody was asked now."
    rows = [element("tr", [*_cells(one)]) for one in found[:INDICATORS_MAX]]
    return Markup(table(_HEADS, rows, class_="indicators") + quiet(said))


def _cells(one: BadIndicator) -> Iterator[Markup]:
    weighing, hosts = one.part.weighing, one.mention.by_host()
    named = [f"{host}{(at and f', {when(at)}') or ''}" for host, at in [*hosts.items()][:_HOSTS_SHOWN]]
    if len(hosts) > _HOSTS_SHOWN:
        named.append(f"and {len(hosts) - _HOSTS_SHOWN} more")
    yield element("td", badge(weighing.severity))
    yield element("td", lines([one.part.observable.value, HitName.of(hit_of_part(one.part).name).kind]))
    yield element("td", f"{weighing.score or 0}", class_="number")
    yield element("td", f"{one.mention.count:,}", class_="number")
    yield element("td", lines(named))
    yield element("td", weighing.summary)
