"""The rules of an installation as they stand, for whoever lists them: found, searched, with what a tenant chose."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from cybervault.detection.rule import Rule
from cybervault.detection.rules.choice import Choice, Place, Switch
from cybervault.detection.rules.pack import Profile
from cybervault.domain.problems import Problem, ProblemKind
from cybervault.domain.verdicts import Severity


@dataclass(frozen=True, slots=True)
class Known:
    """A rule, whether it counts for a tenant, and how the tenant disabled it where it did."""

    rule: Rule
    place: Place
    switch: Switch | None = None

    @property
    def mark(self) -> tuple[str, str]:
        """Its place in a list by title."""
        return self.rule.title.casefold(), self.rule.id


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rules are asked for; an empty text, or None, asks for nothing.

    `words` must all stand somewhere in id, title, description, author or tags. A technique stands for those below it.
    """

    words: str = ""
    level: Severity | None = None
    pack: str = ""
    product: str = ""
    technique: str = ""
    place: Place | None = None

    def takes(self, known: Known) -> bool:
        """Whether a rule is among them."""
        rule, technique = known.rule, self.technique.upper()
        return (
            self.level in {None, rule.level}
            and self.place in {None, known.place}
            and self.pack in {"", rule.pack}
            and self.product in {"", rule.where.product}
            and (not technique or any(one == technique or one.startswith(f"{technique}.") for one in rule.techniques))
            and _has_words(rule, self.words)
        )


@dataclass(frozen=True, slots=True)
class PackCount:
    """A pack with how many rules it has, and how many of them count for a tenant."""

    name: str
    rules: int
    in_force: int


class Catalogue:
    """All rules of all packs, in force or not; another set takes their place as a whole."""

    def __init__(self) -> None:
        self._rules: Mapping[str, Rule] = {}
        self.profile = Profile()

    def use(self, rules: Mapping[str, Rule], profile: Profile) -> None:
        """From now on these are the rules, in force as the profile says."""
        self._rules, self.profile = rules, profile

    def find(self, rule_id: str, choice: Choice) -> Known:
        """The rule of this id; `Problem` NOT_FOUND `not_found`."""
        rule = self._rules.get(rule_id)
        if rule is None:
            raise Problem(ProblemKind.NOT_FOUND, code="not_found", message="There is no such rule.")
        return self._known(rule, choice)

    def select(self, wanted: Wanted, choice: Choice) -> list[Known]:
        """The rules that are asked for, by title."""
        found = (self._known(rule, choice) for rule in self._rules.values())
        return sorted((known for known in found if wanted.takes(known)), key=lambda known: known.mark)

    def packs(self, choice: Choice) -> list[PackCount]:
        """The packs by name; a rule that stands in several counts for the one that it was taken from."""
        places = [(rule.pack, choice.place(rule, self.profile)) for rule in self._rules.values()]
        every, counting = Counter(pack for pack, _ in places), Counter(places)
        return [PackCount(pack, every[pack], counting[pack, Place.IN_FORCE]) for pack in sorted(every)]

    def _known(self, rule: Rule, choice: Choice) -> Known:
        return Known(rule, choice.place(rule, self.profile), choice.off.get(rule.id))


def _has_words(rule: Rule, words: str) -> bool:
    if not words:
        return True
    told = "\n".join((rule.id, rule.title, rule.description, rule.author, *rule.tags)).casefold()
    return all(word in told for word in words.casefold().split())
