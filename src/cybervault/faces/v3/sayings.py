"""What an assessment says in a language: what is ours in that of the caller, and what it quotes as it was written."""

from cybervault.assessments.conclude import told
from cybervault.domain.assessments import Assessment, Part, Sign, tag_of
from cybervault.faces.language import ENGLISH, Language, said
from cybervault.verdict.wording import describe, text_of


def summary_of(part: Part, language: Language) -> str:
    """Weighed anew only for who wants another language than the one that it was kept in."""
    return part.weighing.summary if language == ENGLISH else describe(part.weighing, language)


class Sayings:
    """The sentences of one assessment."""

    def __init__(self, assessment: Assessment, language: Language) -> None:
        self._assessment = assessment
        self._language = language
        self._spelled = {term.reason: term.reason_es for part in assessment.parts for term in part.weighing.terms}
        for part in assessment.parts if language != ENGLISH else ():
            tag = tag_of(part.observable)
            self._spelled[f"Seen {tag}: {part.weighing.summary}"] = f"Visto {tag}: {describe(part.weighing, language)}"

    def summary(self) -> str:
        """The whole in a sentence or two."""
        assessment, language = self._assessment, self._language
        if language == ENGLISH:
            return assessment.summary
        (*rest, part) = assessment.parts or (None,)
        if part is not None and not rest and assessment.summary == part.weighing.summary:
            return summary_of(part, language)
        reasons = [sign.reason for sign in assessment.signs]
        if assessment.summary == told(assessment.verdict.value.capitalize(), assessment.score, reasons):
            verdict = text_of(assessment.verdict, language)
            return told(verdict, assessment.score, [self._reason(one) for one in reasons], of="de")
        return said(assessment.summary, language)

    def reason(self, sign: Sign) -> str:
        """Why a sign counts."""
        return self._reason(sign.reason)

    def _reason(self, english: str) -> str:
        if self._language == ENGLISH:
            return english
        return self._spelled.get(english) or said(english, self._language)
