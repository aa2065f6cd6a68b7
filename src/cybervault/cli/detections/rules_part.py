"""The parts of the page about rules and their matches: the table, what each rule saw first, and all by time."""

from collections.abc import Iterator, Sequence
from typing import Final

from cybervault.cli.detections.sarif import link_of
from cybervault.cli.detections.tally import SAMPLES_MAX, Kept, Sample, Seen, Tally
from cybervault.domain.attack import technique, url_of
from cybervault.pages.markup import Markup, element, lines, link
from cybervault.pages.sheet import badge, facts, table, when

DETAILED_MAX: Final = 500
ROWS_MAX: Final = 2_000
_REFERENCES_MAX: Final = 5


def rules_of(ranked: Sequence[Seen]) -> Markup:
    """The table of all rules that fired."""
    if not ranked:
        return element("p", "No rule fired.", class_="quiet")
    heads = ("level", "rule", "matches", "first seen", "last seen", "author")
    rows = [
        element(
            "tr",
            [
                element("td", badge(seen.rule.level)),
                element("td", [_title(seen, number)]),
                element("td", f"{seen.count:,}", class_="number"),
                element("td", when(seen.first), class_="time"),
                element("td", when(seen.last), class_="time"),
                element("td", seen.rule.author, class_="author"),
            ],
        )
        for number, seen in enumerate(ranked)
    ]
    return table(heads, rows, class_="rules")


def _title(seen: Seen, number: int) -> Markup:
    doubt = f" {seen.uncertain:,} not certain" if seen.uncertain else ""
    source = link_of(seen.rule.references)
    parts = [
        element("a", seen.rule.title, href=f"#rule-{number}") if number < DETAILED_MAX else seen.rule.title,
        element("small", doubt, class_="quiet") if doubt else "",
        element("small", [" ", link(source, "source")]) if source else "",
    ]
    return element("span", parts)


def details_of(ranked: Sequence[Seen]) -> Markup:
    """Each rule with its first matches, closed until somebody looks."""
    left = len(ranked) - DETAILED_MAX
    more = element("p", f"{left:,} rules more are in the table only.", class_="quiet") if left > 0 else ""
    said = element("p", "Fields with \u25c2 are those that the rule asks about.", class_="quiet")
    return Markup("".join([said, *(_details(*one) for one in enumerate(ranked[:DETAILED_MAX])), more]))


def _details(number: int, seen: Seen) -> Markup:
    summary = element(
        "summary",
        [badge(seen.rule.level), element("b", seen.rule.title), element("span", f"{seen.count:,}", class_="number")],
    )
    parts = [*_about(seen), *(_sample(sample) for sample in seen.samples), *_rest(seen)]
    # A link to something inside opens the whole, a link to the whole does not.
    return element("details", [summary, element("div", parts, id=f"rule-{number}")], class_="rule")


def _about(seen: Seen) -> Iterator[Markup]:
    rule = seen.rule
    if rule.description:
        yield element("p", rule.description, class_="said")
    known = [
        ("ATT&CK", lines(map(_technique, rule.techniques))),
        ("False positives", lines(element("span", one) for one in rule.false_positives)),
        ("References", lines(link(one, one) for one in rule.references[:_REFERENCES_MAX])),
        ("Author", rule.author),
        ("Status", rule.status.value),
        ("Rule", " ".join(part for part in (rule.pack, rule.path, rule.id) if part)),
        ("Not certain", f"{seen.uncertain:,}: what would exclude them was not told" if seen.uncertain else ""),
    ]
    yield facts(known)


def _technique(technique_id: str) -> Markup:
    known = technique(technique_id)
    if known is None:
        return element("span", technique_id)
    return link(url_of(technique_id), f"{technique_id} {known.name}")


def _sample(sample: Sample) -> Markup:
    match = sample.match
    place = [element("b", when(match.at) or "no time"), f"  {match.file}:{match.line}"]
    if not match.is_certain:
        place.append(element("em", "  not certain"))
    rows = [
        element("tr", [element("th", name, scope="row"), element("td", value)], class_="asked" if asked else "")
        for name, value, asked in (
            (name, value, number < sample.asked) for number, (name, value) in enumerate(sample.fields)
        )
    ]
    left = element("p", f"{sample.left_out:,} fields more.", class_="quiet") if sample.left_out else ""
    return element(
        "div", [element("p", place, class_="place"), element("table", element("tbody", rows), class_="fields"), left]
    )


def _rest(seen: Seen) -> Iterator[Markup]:
    if seen.count > len(seen.samples):
        said = f"The first {len(seen.samples):,} of {seen.count:,} are shown" if seen.samples else "None is shown"
        why = "" if len(seen.samples) == SAMPLES_MAX else ", for there is room for so many only"
        yield element("p", f"{said}{why}.", class_="quiet")


def timeline_of(tally: Tally) -> Markup:
    """All that were kept, by time, as many as a browser likes."""
    kept = tally.in_order()[:ROWS_MAX]
    more = f"The first {len(kept):,} of {tally.matches:,} matches." if tally.matches > len(kept) else ""
    rows = [_row(match) for match in kept]
    return element(
        "details",
        [
            element("summary", f"{len(kept):,} matches by time"),
            element("p", more, class_="quiet") if more else "",
            table(("time (UTC)", "level", "rule", "host", "user", "where"), rows),
        ],
    )


def _row(match: Kept) -> Markup:
    return element(
        "tr",
        [
            element("td", when(match.at), class_="time"),
            element("td", badge(match.rule.level)),
            element("td", match.rule.title),
            element("td", match.host),
            element("td", match.user),
            element("td", f"{match.file}:{match.line}", class_="place"),
        ],
    )
