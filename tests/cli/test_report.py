"""A report: what is shown of it, and its form as JSON."""

from cybervault.assessments.assess import Heard, Weighed
from cybervault.cli.report import Report
from cybervault.domain.evidence import Answer, Outcome
from cybervault.domain.observables import Marking, parse_observable
from cybervault.verdict.fusion import fuse
from cybervault.verdict.weights import load_weights
from tests.fakes.clock import HandClock


def weighed(report: Report) -> Report:
    """The report with the answer of one source that does not know the indicator."""
    assert report.observable is not None
    answer = Answer("virustotal", Outcome.UNKNOWN)
    report.heard.append(Heard("VirusTotal", answer, 0.012, None))
    report.weighed = Weighed(fuse(report.observable, [answer], load_weights(), HandClock().now()), is_final=True)
    return report


def test_what_cannot_be_read_is_an_input_and_an_error() -> None:
    assert Report("nothing", "en", problem="not known").record() == {"input": "nothing", "error": "not known"}
    assert Report("a.b", "en").shown == "a[.]b"


def test_a_record_holds_input_verdict_account_and_sources() -> None:
    observable = parse_observable("hxxp://evil[.]example/", Marking.GREEN)
    record = weighed(Report("hxxp://evil[.]example/", "en", observable)).record()
    assert (record["input"], record["value"]) == ("hxxp://evil[.]example/", "http://evil.example/")
    assert (record["kind"], record["marking"], record["verdict"]) == ("url", "TLP:GREEN", "unknown")
    assert [source["name"] for source in record["sources"]] == ["virustotal"]
    assert (record["narrative"], record["narrative_error"]) == (None, None)


def test_a_report_is_shown_harmless() -> None:
    assert Report("x", "en", parse_observable("http://evil.example/a")).shown == "hxxp://evil[.]example/a"
