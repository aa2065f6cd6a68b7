"""What became known about one line of input, and its form as JSON."""

from dataclasses import dataclass, field
from typing import Any

from cybervault.assessments.assess import Heard, Weighed
from cybervault.domain.observables import Observable, defang
from cybervault.domain.verdicts import Weighing
from cybervault.faces.ctai.rich import score_data, source_data


@dataclass(slots=True)
class Report:
    """One indicator as it was given, and what was found; grows while sources answer."""

    text: str
    language: str
    observable: Observable | None = None
    problem: str = ""
    titles: tuple[str, ...] = ()
    heard: list[Heard] = field(default_factory=list)
    weighed: Weighed | None = None
    words: str = ""
    words_problem: str = ""

    @property
    def weighing(self) -> Weighing | None:
        """The score so far."""
        return None if self.weighed is None else self.weighed.weighing

    @property
    def shown(self) -> str:
        """The indicator, safe to paste."""
        return defang(self.text if self.observable is None else self.observable.value)

    def record(self) -> dict[str, Any]:
        """The report as JSON; `error` alone where the input could not be read."""
        if self.observable is None or self.weighed is None:
            return {"input": self.text, "error": self.problem}
        return {
            "input": self.text,
            "kind": self.observable.kind.value,
            "value": self.observable.value,
            "marking": self.observable.marking.value,
            **score_data(self.weighed, self.language),
            "sources": [source_data(one) for one in self.heard],
            "narrative": self.words or None,
            "narrative_error": self.words_problem or None,
        }
