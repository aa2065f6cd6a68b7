"""The report for a browser: one file without a script, which loads nothing and shows the hostile as text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Final

from cybervault import __version__
from cybervault.cli.detections.chart import chart
from cybervault.cli.detections.coverage import cells_of
from cybervault.cli.detections.markup import Markup, element, joined
from cybervault.cli.detections.matrix import matrix_of
from cybervault.cli.detections.moments import SEVERITIES
from cybervault.cli.detections.risk_part import risk_of_entities
from cybervault.cli.detections.rules_part import details_of, rules_of, timeline_of, when
from cybervault.cli.detections.tally import KEPT_MAX, Seen, Tally
from cybervault.detection.ranking import RankedEntity
from cybervault.domain.verdicts import Severity

_STYLE: Final = "page.css"
_HOSTS_MAX: Final = 15
_FILES_MAX: Final = 6
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True)
class About:
    """What was looked through, when, and how long it took."""

    files: tuple[str, ...]
    at: datetime
    seconds: float


def page(tally: Tally, about: About) -> str:
    """The whole page."""
    ranked = tally.ranked()
    body = [
        element("header", [element("h1", "Detections"), element("p", _said(about, ranked), class_="quiet")]),
        element("main", [*_sections(tally, ranked, tally.entities(about.at))]),
        element("footer", element("p", _footer(tally))),
    ]
    head = [
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("title", f"Detections: {tally.matches:,} matches in {tally.events:,} events"),
        element("style", Markup(_style())),
    ]
    return "<!doctype html>\n" + element("html", [element("head", head), element("body", body)], lang="en") + "\n"


@cache
def _style() -> str:
    return resources.files("cybervault.cli.detections").joinpath(_STYLE).read_text(encoding="utf-8")


def _sections(tally: Tally, ranked: list[Seen], entities: Sequence[RankedEntity]) -> Iterator[Markup]:
    counts = {severity: sum(one.count for one in ranked if one.rule.level is severity) for severity in SEVERITIES}
    yield _tiles(tally, ranked)
    yield _section("By severity", _severities(counts))
    yield _section("Over time", chart(tally.moments))
    if set(tally.hosts) - {""}:
        yield _section("By host", _hosts(tally))
    if entities:
        yield _section("Hosts and users by risk", risk_of_entities(tally, entities))
    yield _section("ATT&CK", matrix_of(cells_of(ranked)))
    yield _section("Rules that fired", rules_of(ranked))
    if ranked:
        yield _section("What each rule saw first", details_of(ranked))
        yield _section("Matches", timeline_of(tally))
    yield _section("What was not read", _not_read(tally))


def _section(title: str, content: Markup) -> Markup:
    return element("section", [element("h2", title), content])


def _tiles(tally: Tally, ranked: list[Seen]) -> Markup:
    not_read = tally.bad_count + sum(tally.unknown.values())
    numbers = [
        (f"{tally.events:,}", "events"),
        (f"{tally.matched:,}", "events with a match"),
        (f"{tally.matches:,}", "matches"),
        (f"{len(ranked):,}", "rules that fired"),
        (f"{sum(one.uncertain for one in ranked):,}", "matches not certain"),
        (f"{not_read:,}", "not read"),
    ]
    tiles = [element("div", [element("b", value), element("span", name)]) for value, name in numbers]
    return element("section", tiles, class_="tiles")


def _severities(counts: dict[Severity, int]) -> Markup:
    most = max(counts.values()) or 1
    rows = [_severity(severity, count, most) for severity, count in counts.items()]
    return element("div", rows, class_="severities")


def _severity(severity: Severity, count: int, most: int) -> Markup:
    share = element("span", "", class_=f"back-{severity.value}", style=f"width:{100 * count / most:.1f}%")
    parts = [element("span", severity.value), element("span", share, class_="bar"), element("b", f"{count:,}")]
    return element("div", parts)


def _hosts(tally: Tally) -> Markup:
    named = {host: counts for host, counts in tally.hosts.items() if host}
    ordered = sorted(named.items(), key=lambda one: ([-one[1][severity] for severity in SEVERITIES], one[0]))
    heads = ["host", *(severity.value for severity in SEVERITIES), "all"]
    rows = [
        element(
            "tr",
            [
                element("td", host),
                *(element("td", f"{counts[one]:,}" if counts[one] else "", class_="number") for one in SEVERITIES),
                element("td", f"{counts.total():,}", class_="number"),
            ],
        )
        for host, counts in ordered[:_HOSTS_MAX]
    ]
    head = element("tr", [element("th", one, scope="col") for one in heads])
    left = len(ordered) - _HOSTS_MAX
    more = element("p", f"{left:,} hosts more.", class_="quiet") if left > 0 else ""
    table = element("table", [element("thead", head), element("tbody", rows)], class_="hosts")
    return joined([element("div", table, class_="wide"), more])


def _not_read(tally: Tally) -> Markup:
    if not tally.bad_count and not tally.unknown:
        return element("p", "Everything was read.")
    parts = [element("li", f"{count:,} events: {reason}") for reason, count in tally.unknown.most_common()]
    if tally.bad_count:
        shown = [element("li", line) for line in tally.bad]
        left = tally.bad_count - len(tally.bad)
        more = [element("li", f"and {left:,} more")] if left else []
        parts.append(element("li", [f"{tally.bad_count:,} are no events:", element("ul", [*shown, *more])]))
    return element("ul", parts)


def _said(about: About, ranked: list[Seen]) -> str:
    left = len(about.files) - _FILES_MAX
    files = ", ".join(about.files[:_FILES_MAX]) + (f" and {left:,} files more" if left > 0 else "")
    firsts = [one.first for one in ranked if one.first is not None]
    lasts = [one.last for one in ranked if one.last is not None]
    span = f"\nMatches from {when(min(firsts))} to {when(max(lasts))} UTC." if firsts else ""
    return f"{files}. Looked through at {when(about.at)} UTC in {about.seconds:,.1f} s.{span}"


def _footer(tally: Tally) -> str:
    kept = f" Of {tally.matches:,} matches the first {KEPT_MAX:,} were kept." if tally.matches > KEPT_MAX else ""
    return (
        f"Written by CyberVault {__version__}. Rules are their authors', under their licenses; each author is named."
        f"{kept}"
    )
