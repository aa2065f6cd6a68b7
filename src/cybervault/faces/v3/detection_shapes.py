"""The wire forms of v3's detection rules: each with whether it counts for the caller's tenant, and what it is about."""

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from cybervault.detection.rules.catalogue import Catalogue, Known, Wanted
from cybervault.detection.rules.choice import Choice, Place
from cybervault.detection.store import OwnFilter
from cybervault.domain.assessments import rank_of
from cybervault.domain.verdicts import Severity
from cybervault.faces.moments import spelled
from cybervault.faces.v3.management.office import PageQuery, Pagination

_REASON_CHARACTERS_MAX = 1_024
_FILTER_CHARACTERS_MAX = 65_536
_FILTER = """\
title: Our software distribution
logsource: {product: windows}
filter:
  rules: any
  selection: {ParentImage|endswith: '\\deploy.exe'}
  condition: not selection
"""


class RulesQuery(PageQuery):
    """Which rules are asked for."""

    search: str | None = Field(
        default=None, max_length=200, description="Words that stand in id, title, description, author or tags."
    )
    level: Severity | None = None
    pack: str | None = None
    product: str | None = Field(default=None, description="windows, linux, macos, aws ...", examples=["windows"])
    technique: str | None = Field(default=None, description="T1059 stands for T1059.001 too.", examples=["T1059"])
    standing: Place | None = None

    def to_core(self) -> Wanted:
        """The same for the core."""
        return Wanted(
            self.search or "", self.level, self.pack or "", self.product or "", self.technique or "", self.standing
        )

    def narrowed(self) -> dict[str, str | None]:
        """What a cursor is bound to."""
        return {name: None if value is None else str(value) for name, value in self._filters()}

    def _filters(self) -> Iterable[tuple[str, object]]:
        return ((name, getattr(self, name)) for name in type(self).model_fields if name not in PageQuery.model_fields)


class RuleReply(BaseModel):
    """A rule."""

    id: str = Field(examples=["5af54681-df95-4c26-854f-2565e13cfab0"])
    title: str
    level: str
    status: str
    description: str
    author: str = Field(description="Who wrote it, which its licence wants to be shown.")
    pack: str
    product: str
    category: str
    service: str
    techniques: list[str] = Field(examples=[["T1571"]])
    tactics: list[str]
    references: list[str]
    false_positives: list[str]
    enabled: bool = Field(description="Whether your tenant has it enabled.")
    in_force: bool = Field(description="Whether it counts for your tenant.")
    standing: Place = Field(
        description="`in_force`, or the first reason why not: `switched_off`, `below_level` and `hunting` are of the "
        "installation, `disabled` and `below_own_level` of your tenant."
    )
    disabled_reason: str | None
    disabled_at: str | None
    disabled_by: str | None

    @classmethod
    def of(cls, known: Known) -> Self:
        """A rule with what the tenant chose."""
        rule, switch = known.rule, known.switch
        return cls(
            id=rule.id,
            title=rule.title,
            level=rule.level.value,
            status=rule.status.value,
            description=rule.description,
            author=rule.author,
            pack=rule.pack,
            product=rule.where.product,
            category=rule.where.category,
            service=rule.where.service,
            techniques=list(rule.techniques),
            tactics=list(rule.tactics),
            references=list(rule.references),
            false_positives=list(rule.false_positives),
            enabled=switch is None,
            in_force=known.place is Place.IN_FORCE,
            standing=known.place,
            disabled_reason=None if switch is None else switch.reason,
            disabled_at=None if switch is None else spelled(switch.at),
            disabled_by=None if switch is None else switch.by,
        )


class RuleList(BaseModel):
    """Answer of `GET /v3/detection/rules`, by title."""

    data: list[RuleReply]
    pagination: Pagination


class RuleEdit(BaseModel):
    """Body of `PATCH /v3/detection/rules/{rule_id}`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, strict=True)

    enabled: bool
    reason: str = Field(
        default="",
        max_length=_REASON_CHARACTERS_MAX,
        description="Why it is disabled, 1 to 500 characters: it is shown with the rule and written to the audit.",
        examples=["Our inventory does this every night."],
    )


class FilterRequest(BaseModel):
    """Body of `POST /v3/detection/filters`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    text: str = Field(
        max_length=_FILTER_CHARACTERS_MAX,
        description="A filter in the form of Sigma, as YAML.",
        examples=[_FILTER],
    )


class FilterReply(BaseModel):
    """A filter of the tenant."""

    id: str
    title: str
    text: str
    created_at: str
    created_by: str

    @classmethod
    def of(cls, one: OwnFilter) -> Self:
        """A filter."""
        return cls(id=one.id, title=one.title, text=one.text, created_at=spelled(one.at), created_by=one.by)


class FilterList(BaseModel):
    """Answer of `GET /v3/detection/filters`, oldest first, at most 100."""

    data: list[FilterReply]


class PackReply(BaseModel):
    """A pack of rules."""

    name: str = Field(examples=["cybervault-starter"])
    rules: int
    in_force: int = Field(description="How many of them count for your tenant.")


class ProfileReply(BaseModel):
    """From which level on rules count, and the packs that there are."""

    from_level: str = Field(description="What holds: the higher of the two below.", examples=["medium"])
    own_level: str | None = Field(description="What your tenant chose; null where it chose nothing.")
    installation_level: str
    hunting_rules: bool = Field(description="Whether rules for hunting are in force.")
    disabled_rules: int
    packs: list[PackReply]

    @classmethod
    def of(cls, choice: Choice, catalogue: Catalogue) -> Self:
        """What a tenant chose, over what the installation has."""
        profile = catalogue.profile
        least = max(filter(None, (choice.least, profile.least)), key=rank_of)
        return cls(
            from_level=least.value,
            own_level=choice.least and choice.least.value,
            installation_level=profile.least.value,
            hunting_rules=profile.has_hunting,
            disabled_rules=len(choice.off),
            packs=[
                PackReply(name=pack.name, rules=pack.rules, in_force=pack.in_force) for pack in catalogue.packs(choice)
            ],
        )


class ProfileEdit(BaseModel):
    """Body of `PATCH /v3/detection/profile`."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    from_level: Literal["informational", "low", "medium", "high", "critical"] | None = Field(
        description="At least that of the installation; null: the same as it.", examples=["high"]
    )

    def to_core(self) -> Severity | None:
        """The level."""
        return None if self.from_level is None else Severity(self.from_level)
