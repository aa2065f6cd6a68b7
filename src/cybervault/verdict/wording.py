"""Wording: a weighing in a few sentences, in Spanish or English.

Only sentences of ours, numbers and names of sources: nothing that a source sent can get in here.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from cybervault.domain.evidence import Outcome
from cybervault.domain.observables import Kind
from cybervault.domain.verdicts import Gap, Priority, Term, Verdict, Weighing
from cybervault.verdict.weights import is_hard_allow

ENGLISH: Final = "en"

_CONFLICT_SHOWN_FROM: Final = 0.6
_COVERAGE_SHOWN_BELOW: Final = 0.95
_OPEN_RANGE: Final = 25
_FADED_BELOW: Final = 0.5
_REASONS_MAX: Final = 2
_TITLES_MAX: Final = 3
# What the thing is, whatever it weighs: these are always told.
_ROLES: Final = frozenset({("local", "role"), ("abuseipdb", "tor")})

_TITLES: Final = {
    "virustotal": "VirusTotal",
    "abuseipdb": "AbuseIPDB",
    "polyswarm": "PolySwarm",
    "robtex": "Robtex",
    "robtex_dns": "Robtex DNS",
    "internetdb": "Shodan InternetDB",
    "greynoise": "GreyNoise Community",
    "hashlookup": "CIRCL hashlookup",
    "rdap": "RDAP",
    "dns": "DNS",
}

_TEXTS: Final = {
    "local": ("nuestras listas", "our own lists"),
    Verdict.MALICIOUS: ("Malicioso", "Malicious"),
    Verdict.SUSPICIOUS: ("Sospechoso", "Suspicious"),
    Verdict.BENIGN: ("Benigno", "Benign"),
    Verdict.UNKNOWN: ("Desconocido", "Unknown"),
    "scored": ("{verdict}, {score} de 100.", "{verdict}, {score} out of 100."),
    "against": ("En contra: {reason}", "Against it: {reason}"),
    "in_favour": ("A favor: {reason}", "In its favour: {reason}"),
    "known_good": ("Conocido y legítimo según nuestras listas.", "Known good by our own lists."),
    "known_good_reported": (
        "Conocido y legítimo según nuestras listas, aunque señalado por {titles}.",
        "Known good by our own lists, although reported by {titles}.",
    ),
    "nobody_heard": (
        "Desconocido: no se pudo consultar ninguna fuente que pudiera conocerlo.",
        "Unknown: no source that could know it was heard.",
    ),
    "nobody_knows": (
        "Desconocido: las fuentes que respondieron no saben nada a favor ni en contra.",
        "Unknown: the sources that answered know nothing for or against it.",
    ),
    "too_little": (
        "Desconocido: se sabe demasiado poco ({score} de 100, pero podría estar entre {low} y {high}).",
        "Unknown: too little is known ({score} out of 100, but it could lie between {low} and {high}).",
    ),
    "inconclusive": (
        "Desconocido: lo encontrado no es concluyente ({score} de 100).",
        "Unknown: what was found is not conclusive ({score} out of 100).",
    ),
    "faded": (
        "{reason} (Es un dato antiguo y cuenta un {percent} %.)",
        "{reason} (This is old and counts {percent} %.)",
    ),
    "conflict": ("Las pruebas se contradicen.", "The evidence contradicts itself."),
    "gaps": (
        "Se obtuvo el {percent} % de lo que se puede saber; falta: {titles}.",
        "{percent} % of what can be known was obtained; not heard: {titles}.",
    ),
    "more": ("{count} más", "{count} more"),
    "and": (" y ", " and "),
    "no_key": ("{title} (sin clave)", "{title} (no key)"),
    "would_be": (
        "Sería {verdict} ({score} de 100) si {title} dijera: «{reason}»",
        "Would be {verdict} ({score} out of 100) if {title} said: “{reason}”",
    ),
    "vulnerability": (
        "Una vulnerabilidad no es maliciosa ni benigna; su urgencia depende de su explotación, probabilidad e impacto.",
        "A vulnerability is neither malicious nor benign; its urgency depends on exploitation, likelihood and impact.",
    ),
    "nothing_known": ("Aquí no se conoce ninguna de las tres cosas.", "None of the three is known here."),
    "exploited": ("Se está explotando.", "It is being exploited."),
    "not_exploited": ("No consta que se explote.", "It is not known to be exploited."),
    "likelihood": ("Probabilidad de explotación: {percent} %.", "Likelihood of exploitation: {percent} %."),
    "impact": ("CVSS: {cvss}.", "CVSS: {cvss}."),
    "unweighed": ("Desconocido: ninguna fuente juzga {kind}.", "Unknown: no source judges {kind}."),
    Kind.ASN: ("sistemas autónomos", "autonomous systems"),
    Kind.CIDR: ("redes enteras", "whole networks"),
    Kind.EMAIL: ("direcciones de correo", "e-mail addresses"),
    "other_kind": ("indicadores de este tipo", "indicators of this kind"),
}


def describe(weighing: Weighing, language: str) -> str:
    """The weighing in two to six sentences; Spanish unless `language` is "en"."""
    return " ".join(_sentences(weighing, language))


def text_of(name: str, language: str, **values: object) -> str:
    """One of our texts with its values filled in."""
    spanish, english = _TEXTS[name]
    return (english if language == ENGLISH else spanish).format(**values)


def title_of(source: str, language: str) -> str:
    """The name of a source as people write it."""
    return text_of(source, language) if source == "local" else _TITLES.get(source, source)


def reason_of(term: Term, language: str) -> str:
    """Why a term weighs what it weighs, and that it is old where that took half of it."""
    reason = term.reason if language == ENGLISH else term.reason_es or term.reason
    if term.freshness >= _FADED_BELOW:
        return reason
    return text_of("faded", language, reason=reason, percent=round(100 * term.freshness))


def _sentences(weighing: Weighing, language: str) -> Iterator[str]:
    is_known_good = any(is_hard_allow(term.evidence) for term in weighing.terms)
    if weighing.score is None:
        yield from _unweighed(weighing, language)
    elif is_known_good:
        yield _known_good(weighing, language)
    else:
        yield _headline(weighing, language)
    told = list(_reasons(weighing, language)) if weighing.score is not None and not is_known_good else []
    yield from told
    roles = (reason_of(term, language) for term in weighing.terms if _names_role(term))
    yield from dict.fromkeys(role for role in roles if not any(role in sentence for sentence in told))
    if weighing.conflict >= _CONFLICT_SHOWN_FROM and not is_known_good:
        yield text_of("conflict", language)
    if weighing.gaps and weighing.coverage < _COVERAGE_SHOWN_BELOW and not is_known_good:
        yield _missing(weighing, language)


def _names_role(term: Term) -> bool:
    return (term.evidence.source, term.evidence.item) in _ROLES


def _unweighed(weighing: Weighing, language: str) -> Iterator[str]:
    if weighing.priority is None:
        kind = weighing.kind if weighing.kind in _TEXTS else "other_kind"
        yield text_of("unweighed", language, kind=text_of(kind or "other_kind", language))
    else:
        yield text_of("vulnerability", language)
        yield from _urgency(weighing.priority, language) or [text_of("nothing_known", language)]


def _urgency(priority: Priority, language: str) -> list[str]:
    known = []
    if priority.is_known_exploited is not None:
        known.append(text_of("exploited" if priority.is_known_exploited else "not_exploited", language))
    if priority.exploit_probability is not None:
        known.append(text_of("likelihood", language, percent=round(100 * priority.exploit_probability)))
    if priority.cvss is not None:
        known.append(text_of("impact", language, cvss=priority.cvss))
    return known


def _known_good(weighing: Weighing, language: str) -> str:
    against = sorted(dict.fromkeys(title_of(term.evidence.source, language) for term in _side(weighing, 1)))
    if not against:
        return text_of("known_good", language)
    return text_of("known_good_reported", language, titles=_listed(against, language))


def _headline(weighing: Weighing, language: str) -> str:
    if weighing.verdict is not Verdict.UNKNOWN:
        verdict = text_of(weighing.verdict, language)
        return text_of("scored", language, verdict=verdict, score=weighing.score)
    if not any(term.points for term in weighing.terms):
        return text_of("nobody_knows" if weighing.coverage else "nobody_heard", language)
    is_open = weighing.high - weighing.low >= _OPEN_RANGE
    name = "too_little" if is_open else "inconclusive"
    return text_of(name, language, score=weighing.score, low=weighing.low, high=weighing.high)


def _reasons(weighing: Weighing, language: str) -> Iterator[str]:
    """What speaks for the verdict, then the strongest thing that speaks against it; of "unknown" one of each."""
    against, in_favour = ([reason_of(term, language) for term in _side(weighing, sign)] for sign in (1, -1))
    match weighing.verdict:
        case Verdict.MALICIOUS | Verdict.SUSPICIOUS:
            yield from against[:_REASONS_MAX]
            yield from (text_of("in_favour", language, reason=reason) for reason in in_favour[:1])
        case Verdict.BENIGN:
            yield from in_favour[:_REASONS_MAX]
            yield from (text_of("against", language, reason=reason) for reason in against[:1])
        case Verdict.UNKNOWN:
            yield from (text_of("against", language, reason=reason) for reason in against[:1])
            yield from (text_of("in_favour", language, reason=reason) for reason in in_favour[:1])


def _side(weighing: Weighing, sign: int) -> list[Term]:
    return [term for term in weighing.terms if sign * term.points > 0]


def _missing(weighing: Weighing, language: str) -> str:
    named = [_gap(gap, language) for gap in weighing.gaps[:_TITLES_MAX]]
    rest = len(weighing.gaps) - len(named)
    more = [text_of("more", language, count=rest)] if rest else []
    percent = round(100 * weighing.coverage)
    return text_of("gaps", language, percent=percent, titles=_listed([*named, *more], language))


def _gap(gap: Gap, language: str) -> str:
    title = title_of(gap.source, language)
    return text_of("no_key", language, title=title) if gap.outcome is Outcome.NO_KEY else title


def _listed(texts: Sequence[str], language: str) -> str:
    return text_of("and", language).join(filter(None, (", ".join(texts[:-1]), texts[-1])))
