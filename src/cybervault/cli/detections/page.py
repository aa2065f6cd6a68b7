"""The report for a browser: one file without a script, which loads nothing and shows the hostile as text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cybervault import __version__
from cybervault.cli.detections.chart import chart
from cybervault.cli.detections.coverage import cells_of
from cybervault.cli.detections.indicators import page_part
from cybervault.cli.detections.matrix import matrix_of
from cybervault.cli.detections.moments import SEVERITIES
from cybervault.cli.detections.risk_part import risk_of_entities
from cybervault.cli.detections.rules_part import details_of, rules_of, timeline_of
from cybervault.cli.detections.tally import BAD_MAX, KEPT_MAX, Seen, Tally
from cybervault.detection.ranking import RankedEntity
from cybervault.pages.markup import Markup, element, joined
from cybervault.pages.sheet import bars, quiet, section, sheet, style_in, table, tiles, when

_STYLE: Final = "page.css"
_HOSTS_MAX: Final = 15
_FILES_MAX: Final = 6


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
        element("header", [element("h1", "Detections"), quiet(_said(about, ranked))]),
        element("main", [*_sections(tally, ranked, tally.entities(about.at))]),
        element("footer", element("p", _footer(tally))),
    ]
    title = f"Detections: {tally.matches:,} matches in {tally.events:,} events"
    return sheet(title, body, style=style_in("cybervault.cli.detections", _STYLE))


def _sections(tally: Tally, ranked: list[Seen], entities: Sequence[RankedEntity]) -> Iterator[Markup]:
    counts = {severity: sum(one.count for one in ranked if one.rule.level is severity) for severity in SEVERITIES}
    yield _tiles(tally, ranked)
    yield section("By severity", bars(counts))
    yield section("Over time", chart(tally.moments))
    if set(tally.hosts) - {""}:
        yield section("By host", _hosts(tally))
    if tally.indicators:
        yield section("Known bad addresses, domains and hashes", page_part(tally.indicators))
    if entities:
        yield section("Hosts and users by risk", risk_of_entities(tally, entities))
    yield section("ATT&CK", matrix_of(cells_of(ranked)))
    yield section("Rules that fired", rules_of(ranked))
    if ranked:
        yield section("What each rule saw first", details_of(ranked))
        yield section("Matches", timeline_of(tally))
    yield section("What was not read", _not_read(tally))


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
    if tally.looked_up is not None:
        numbers.append((f"{len(tally.indicators):,}", f"known bad of {tally.looked_up:,} looked up"))
    return tiles(numbers)


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
    left = len(ordered) - _HOSTS_MAX
    return joined([table(heads, rows, class_="hosts"), quiet(f"{left:,} hosts more.") if left > 0 else ""])


def _not_read(tally: Tally) -> Markup:
    if not tally.bad_count and not tally.unknown and not tally.silent_files:
        return element("p", "Everything was read.")
    parts = [element("li", f"{count:,} events: {reason}") for reason, count in tally.unknown.most_common()]
    if tally.silent_files:
        parts.append(element("li", ["Files without an event:", element("ul", _some(tally.silent_files))]))
    if tally.bad_count:
        shown = [element("li", line) for line in tally.bad]
        left = tally.bad_count - len(tally.bad)
        more = [element("li", f"and {left:,} more")] if left else []
        parts.append(element("li", [f"{tally.bad_count:,} are no events:", element("ul", [*shown, *more])]))
    return element("ul", parts)


def _some(names: Sequence[str]) -> list[Markup]:
    left = len(names) - BAD_MAX
    return [element("li", one) for one in (*names[:BAD_MAX], *([f"and {left:,} more"] if left > 0 else ()))]


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
