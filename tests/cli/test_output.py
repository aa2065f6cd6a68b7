"""What people see: a headline, an account that adds up, every source with its outcome; one table for many."""

import io
from typing import Any

import pytest
from rich.console import Console

from cybervault.assessments.assess import Heard, Weighed
from cybervault.cli.output import Document, Lines, People, detail, overview
from cybervault.cli.report import Report
from cybervault.domain.evidence import Answer, Evidence, EvidenceGroup, Outcome
from cybervault.domain.observables import parse_observable
from cybervault.verdict.counterfactuals import counterfactuals
from cybervault.verdict.fusion import fuse
from cybervault.verdict.weights import load_weights
from tests.fakes.clock import HandClock

DETECTED = Answer(
    "virustotal",
    Outcome.HIT,
    (Evidence("virustotal", "detections", "10+", "f", 14, EvidenceGroup.ANTIVIRUS, HandClock().now()),),
    document=b"{}",
    labels=(("country", "[bold]NL"),),
)


def report(*answers: Answer, text: str = "203.0.113.42") -> Report:
    made = Report(text, "en", parse_observable(text), titles=("VirusTotal", "AbuseIPDB"))
    assert made.observable is not None
    made.heard += [Heard(one.source, one, 0.02, 30 if one.outcome is Outcome.CLEAN else None) for one in answers]
    now, weights = HandClock().now(), load_weights()
    made.weighed = Weighed(
        fuse(made.observable, answers, weights, now),
        is_final=True,
        counterfactuals=counterfactuals(made.observable, answers, weights, now),
    )
    return made


def shown(renderable: Any) -> str:  # noqa: ANN401 - whatever rich can draw
    out = io.StringIO()
    Console(file=out, width=140).print(renderable)
    return out.getvalue()


def test_one_indicator_shows_headline_account_and_sources() -> None:
    text = shown(detail(report(DETECTED, Answer("abuseipdb", Outcome.NO_KEY), Answer("rdap", Outcome.TIMEOUT))))
    for expected in ("203[.]0[.]113[.]42", "starting point", "sum", "hit", "no_key", "timeout", "20 ms"):
        assert expected in text
    assert "What would change it" in text


def test_text_of_strangers_cannot_style_the_terminal() -> None:
    assert "[bold]NL" in shown(detail(report(DETECTED)))


def test_a_source_that_has_not_answered_is_waited_for() -> None:
    waiting = Report("1.2.3.4", "en", parse_observable("1.2.3.4"), titles=("VirusTotal",))
    assert "waiting" in shown(detail(waiting))
    assert "waiting" in shown(overview([waiting]))


def test_a_remembered_answer_tells_its_age() -> None:
    assert "remembered, 30 s old" in shown(detail(report(Answer("virustotal", Outcome.CLEAN))))


def test_words_are_shown_as_the_models_and_its_failure_too() -> None:
    made = report(DETECTED)
    made.words, made.words_problem = "**Verdict:** Malicious", "the key was refused"
    text = shown(detail(made))
    assert "Written by a language model, may be wrong" in text
    assert "No verdict in words: the key was refused" in text


def test_what_cannot_be_read_says_so() -> None:
    bad = Report("nothing", "en", problem="not known")
    assert "not known" in shown(detail(bad))
    assert "not read" in shown(overview([bad]))


def test_many_indicators_are_one_row_each() -> None:
    text = shown(overview([report(DETECTED), report(text="CVE-2021-44228"), report(text="8.8.8.8")]))
    assert "1/1" in text
    assert "CVE-2021-44228" in text


@pytest.mark.parametrize("count", [1, 2])
def test_people_get_the_whole_at_the_end(count: int) -> None:
    out = io.StringIO()
    people = People(Console(file=out, width=140))
    reports = [report(DETECTED) for _ in range(count)]
    people.changed(reports[0])
    with people.showing(reports):
        people.changed(reports[0])
        people.finished(reports[0])
    assert out.getvalue().count("203[.]0[.]113[.]42") == count


def test_machines_get_a_document_or_lines(capsys: pytest.CaptureFixture[str]) -> None:
    made = report(DETECTED)
    for output in (Document(), Lines()):
        with output.showing([made]):
            output.changed(made)
            output.finished(made)
        written = capsys.readouterr().out
        assert '"verdict": ' in written
        assert (written.count("\n") == 1) is isinstance(output, Lines)
