"""A reply speaks the language of ours that its caller likes best."""

import re
from datetime import timedelta
from io import BytesIO
from json import dumps

import pytest

from cybervault.access.reports import ago
from cybervault.confinement.parsers.evtx import records as evtx
from cybervault.detection.correlate.bursts import on_silence, sentences_of
from cybervault.detection.correlate.correlator import Report
from cybervault.detection.lines import BadLine, Event, Line, found_in
from cybervault.detection.mentions import Mention, Mentions, on_mentions
from cybervault.detection.normal import normalise
from cybervault.detection.record import Unrecognised
from cybervault.detection.sightings import Sighting, Sightings, on_crowd
from cybervault.domain.actions import CATALOGUE
from cybervault.domain.observables import parse_observable
from cybervault.domain.telemetry import read_telemetry
from cybervault.domain.verdicts import Severity, Verdict
from cybervault.faces.language import chosen, language_of, said, sentences, templates
from cybervault.verdict.recommend import Entities, recommend
from tests.faces.v3.test_sayings import ENGLISH


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("", "en"),
        ("*", "en"),
        ("es", "es"),
        ("es-MX, en;q=0.8", "es"),
        ("fr-FR, ES-es;q=0.7, en;q=0.3", "es"),
        ("en-GB;q=0.9, es;q=0.8", "en"),
        ("en;q=0.2, es; q=0.8", "es"),
        ("es;q=0", "en"),
        ("es;q=much, de", "en"),
        ("es;v=1", "es"),
        (",;=,", "en"),
        ("de," * 20 + "es", "en"),
    ],
)
def test_the_language_that_is_liked_best_is_spoken(accepted: str, expected: str) -> None:
    assert language_of(accepted) == expected


def test_what_has_no_spanish_spelling_stays_english() -> None:
    assert chosen("Close it.", "Ciérrelo.", language="es") == "Ciérrelo."
    assert chosen("Close it.", "Ciérrelo.", language="en") == "Close it."
    assert chosen("Close it.", "", language="es") == "Close it."


def test_a_sentence_of_ours_is_said_in_spanish_and_what_is_none_stays() -> None:
    assert said("Lock an account.", "es") == "Bloquear una cuenta."
    assert said("Lock an account.", "en") == "Lock an account."
    assert said("It holds a script: x", "es") == "It holds a script: x"


def test_what_only_a_sentence_has_stands_in_its_gaps_in_spanish_too() -> None:
    for pattern, template in templates().items():
        assert set(pattern.groupindex) == set(re.findall(r"\{(\w+)\}", template)), template
    told = "right secret but refused 3 times, last 2 hours ago, from 192.0.2.7"
    assert (
        said(told, "es") == "con el secreto correcto, pero rechazada 3 veces, la última hace 2 horas, desde 192.0.2.7"
    )
    assert said(told, "en") == told
    assert said("It ran for some {count} days", "es") == "It ran for some {count} days"


def test_every_reason_to_look_at_a_key_is_said_in_spanish() -> None:
    """Each as the report writes it, with times in every unit."""
    texts = [
        text
        for passed in (timedelta(seconds=5), timedelta(minutes=5), timedelta(hours=1), timedelta(days=3))
        for text in (
            f"expires in {ago(passed)}", f"seen in the open, {ago(passed)} ago: revoke it",
            f"seen in the open in github.com, {ago(passed)} ago: revoke it",
            f"being rotated, and its old secret last used {ago(passed)} ago from 192.0.2.7",
            f"never used since it was created {ago(passed)} ago",
            f"used from 192.0.2.7 and from 198.51.100.7 within {ago(passed)} (once)",
        )
    ]  # fmt: skip
    for text in (
        *texts,
        "never expires",
        "unused for more than 90 days",
        "being rotated, and its old secret never used",
    ):
        assert not set(re.findall(r"[a-z]+", said(text, "es"))) & {"ago", "days", "hour", "used", "from", "old", "once"}


def test_a_number_with_marks_between_its_thousands_has_those_of_spanish() -> None:
    assert said("12,345 events looked at", "es") == "12.345 eventos mirados"
    assert said("The first 50 of 1,234 bad indicators became threats.", "es").startswith("Los primeros 50 de 1.234 ind")


def test_every_warning_of_a_batch_and_every_reason_that_a_line_was_not_read_is_said_in_spanish() -> None:
    report = Report(without_time=1, without_field=2000, late=3, hurried=1, evicted=(("a", 4),), unwanted=5)
    mentions, sightings = Mentions(0), Sightings(0)
    mentions.add(Mention(parse_observable("198.51.100.7"), 1))
    sightings.add(Sighting("r", "h", "", is_certain=True))
    lines = (b"x", b"[1]", b'{"Event":{}}', b'{"what":"ever"}', dumps({"a": [1] * 20_000}).encode())
    found = [one for line in lines for one in found_in(Line(1, line))]
    records = [normalise(one.content) for one in found if isinstance(one, Event)]
    texts = [
        *on_silence(2), *sentences_of(report), *on_mentions(mentions), *on_crowd(sightings),
        *(one.reason for one in found if isinstance(one, BadLine)),
        *(one.reason for one in records if isinstance(one, Unrecognised)),
        *(one for one in evtx(BytesIO(b"ElfFile\0")) if isinstance(one, str)),
        *read_telemetry("endpoint_telemetry", {"hash_md5": "x", "hash": "y", "network_connections": [{}]}).warnings,
    ]  # fmt: skip
    assert len(texts) >= 13
    left = {text: said(text, "es") for text in texts if ENGLISH.search(said(text, "es").partition(": ")[0])}
    assert left == {}


def test_every_action_and_every_reason_for_one_is_said_in_spanish() -> None:
    hashes = ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",)
    bad = Entities("h7", ("198.51.100.42",), ("e.example",), ("http://e.example/a",), hashes, ("e.exe",), ("anna",))
    reasons = {
        one.reason
        for severity in (Severity.MEDIUM, Severity.HIGH)
        for tactics in (frozenset({"command-and-control", "credential-access"}), frozenset[str]())
        for one in recommend(Verdict.MALICIOUS, severity, bad, tactics=tactics)
    }
    texts = {text for rule in CATALOGUE.values() for text in (rule.summary, rule.blast_radius, rule.undo) if text}
    assert len(reasons) == 11
    assert (reasons | texts) - sentences().keys() == set()
