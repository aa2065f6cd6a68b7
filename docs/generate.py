"""Writes the pages of `docs/` that the code already knows: `make docs`; a test fails when one is stale."""

import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin

import typer.main
from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from cybervault.cli import cli
from cybervault.cli.later import Later
from cybervault.domain.secrets import Secret
from cybervault.enrichment.connector import Connector, KeyRule, Quota
from cybervault.enrichment.connectors import CONNECTORS
from cybervault.faces.problems import load_catalogue
from cybervault.settings import Settings
from cybervault.verdict.weights import Weights, load_weights
from docs import scanners
from docs.checks import contracts_page

DOCS: Final = Path(__file__).parent

_GENERATED: Final = "<!-- Written by `make docs` from the code; change the code, not this page. -->"
_SECONDS: Final = {60: "minute", 3_600: "hour", 86_400: "day", 604_800: "week", 2_592_000: "month"}

# --- settings -------------------------------------------------------------------------------------------------------


def setting_names() -> list[str]:
    """Every variable of the environment that settings read."""
    return [name for name, _ in _settings(Settings, "CYBERVAULT_")]


def settings_page() -> str:
    """A row for each variable."""
    rows = (
        (f"`{name}`", _type(field), _default(field), field.description or _same_as(field))
        for name, field in _settings(Settings, "CYBERVAULT_")
    )
    return _page(
        "Settings",
        "Everything is a variable of the environment; nothing needs to be set. `<NAME>` is the name of a source on "
        "[the page of sources](sources.md), in capital letters, with `SCANS__AWS` the number of an account, with "
        "`SCANS__REGISTRY_ACCOUNTS` one of your own. A wrong or unknown variable stops the start and is named.",
        "What the command line says wins over the environment.",
        _table(("variable", "takes", "default", "meaning"), rows),
    )


def _settings(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if isinstance(field.validation_alias, AliasChoices):
            yield str(field.validation_alias.choices[0]), field
            continue
        part, place = _part(field.annotation), f"{prefix}{name.upper()}"
        if part is None:
            yield place, field
        else:
            yield from _settings(part, f"{place}__<NAME>__" if get_origin(field.annotation) is dict else f"{place}__")


def _part(annotation: object) -> type[BaseModel] | None:
    """The model that a field nests, one or many by name; a list of models is one JSON value."""
    inner = get_args(annotation)[1] if get_origin(annotation) is dict else annotation
    return inner if isinstance(inner, type) and issubclass(inner, BaseModel) else None


def _type(field: FieldInfo) -> str:
    annotation = field.annotation
    if get_origin(annotation) in {Union, types.UnionType}:
        annotation = next(part for part in get_args(annotation) if part is not types.NoneType)
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    if get_origin(annotation) in {tuple, dict}:
        return "JSON"
    words: Mapping[object, str] = {
        bool: "true, false",
        int: "whole number",
        float: "number",
        Path: "folder",
        Secret: "secret",
    }
    return words.get(annotation, "text")


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True, validated_data={})
    match value:
        case None | "" | () | {}:
            return ""
        case tuple():
            return ", ".join(f"`{getattr(item, 'id', item)}`" for item in value)
        case bool():
            return f"`{str(value).lower()}`"
        case _:
            return f"`{value}`"


_OWN_NAMES: Final = {
    "OPENROUTER_API_KEY": "CYBERVAULT_CHAT__KEY",
    "VIRUSTOTAL_API_KEY": "CYBERVAULT_SOURCES__VIRUSTOTAL__KEY",
    "ABUSEIPDB_API_KEY": "CYBERVAULT_SOURCES__ABUSEIPDB__KEY",
    "POLYSWARM_API_KEY": "CYBERVAULT_SOURCES__POLYSWARM__KEY",
    "RATE_LIMIT_POINTS": "CYBERVAULT_RATE_LIMIT__POINTS",
    "RATE_LIMIT_DURATION": "CYBERVAULT_RATE_LIMIT__SECONDS",
}


def _same_as(field: FieldInfo) -> str:
    alias = field.validation_alias
    own = _OWN_NAMES.get(str(alias.choices[0])) if isinstance(alias, AliasChoices) else None
    return f"Another name of `{own}`." if own else ""


# --- sources --------------------------------------------------------------------------------------------------------


def sources_page() -> str:
    """A row and a section for each connector, and one for what we know ourselves."""
    weights = load_weights()
    overview = (
        (f"[{source.title}](#{source.name})", _kinds(connector), _key(connector), _quotas(source.quota))
        for connector in CONNECTORS
        for source in (connector.source,)
    )
    return _page(
        "Sources",
        "The outside services that CyberVault asks, in the order in which people read them. Several need no key.",
        "To add one, see [the guide](guides/add-a-source.md).",
        _table(("source", "is asked about", "key", "its free quota, which we keep"), overview),
        "Points are log-odds: 0.69 doubles the odds that an observable is malicious, -0.69 halves them.",
        *(_source(connector, weights) for connector in CONNECTORS),
        "## Local knowledge\n\nWhat CyberVault knows without asking anybody, from lists that come with it.\n\n"
        + _worth("local", weights),
    )


def _source(connector: Connector, weights: Weights) -> str:
    source = connector.source
    facts = (
        f"Name in settings: `{source.name}`. Group: {_words(source.group)}. "
        f"Answers are remembered for {_duration(source.known_seconds)}, "
        f"an unknown observable for {_duration(source.unknown_seconds)}."
    )
    place = f"<{source.homepage}>" + (f"; get a key at <{source.key_page}>" if source.key_page else "")
    worth = _worth(source.name, weights)
    return f'## <a id="{source.name}"></a>{source.title}\n\n{source.knows} {place}\n\n{facts}\n\n{worth}'


def _worth(name: str, weights: Weights) -> str:
    rows = (
        (f"`{item}`", ", ".join(f"`{bin_}` {weight.points:+.1f}" for bin_, weight in bins.items()))
        for item, bins in weights.sources[name].items.items()
    )
    return _table(("evidence", "what each is worth, in points"), rows)


def _kinds(connector: Connector) -> str:
    return ", ".join(kind.value for kind in type(next(iter(connector.source.kinds))) if kind in connector.source.kinds)


def _key(connector: Connector) -> str:
    words = {KeyRule.NONE: "none", KeyRule.OPTIONAL: "optional", KeyRule.REQUIRED: "required"}
    return words[connector.source.key]


def _quotas(quotas: Iterable[Quota]) -> str:
    return ", ".join(f"{quota.calls:,} {_in(quota.seconds)}" for quota in quotas) or "none stated"


def _in(seconds: int) -> str:
    word = _SECONDS.get(seconds)
    return f"in {seconds:,} s" if word is None else f"{'an' if word == 'hour' else 'a'} {word}"


def _duration(seconds: int) -> str:
    for unit, word in sorted(_SECONDS.items(), reverse=True):
        if seconds >= unit and seconds % unit == 0:
            return f"{seconds // unit} {word}{'s' if seconds != unit else ''}"
    return f"{seconds} seconds"


# --- command line ---------------------------------------------------------------------------------------------------


def commands() -> list[str]:
    """Every command with its full name."""
    return [name for name, _ in _commands("cybervault", typer.main.get_command(cli))]


def cli_page() -> str:
    """A section for each command."""
    return _page(
        "Command line",
        "The same state and the same sources as the server, without one.",
        *(_command(name, command) for name, command in _commands("cybervault", typer.main.get_command(cli))),
    )


def _commands(name: str, command: object) -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, Later):
        command = command.real()
    if isinstance(command, TyperGroup):
        for word, inner in command.commands.items():
            yield from _commands(f"{name} {word}", inner)
    elif isinstance(command, TyperCommand) and not command.hidden:
        yield name, command


def _command(name: str, command: TyperCommand) -> str:
    rows = [(_option(param), getattr(param, "help", None) or "") for param in command.params if param.name != "help"]
    table = _table(("option", "meaning"), rows) if rows else ""
    return "\n\n".join(filter(None, (f"## `{name}`", (command.help or "").strip(), table)))


def _option(param: object) -> str:
    if isinstance(param, TyperArgument):
        return f"`{(param.metavar or param.name or '').upper()}`"
    if not isinstance(param, TyperOption):
        return ""
    names = ", ".join(f"`{name}`" for name in (*param.opts, *param.secondary_opts))
    return names if param.is_flag else f"{names} `{param.metavar or (param.name or '').upper()}`"


# --- problems -------------------------------------------------------------------------------------------------------


def problems_page() -> str:
    """A row for each code."""
    rows = ((f"`{code}`", entry.when, entry.helps) for code, entry in load_catalogue().items())
    return _page(
        "Problems",
        "An expected failure has a code that we promise. Every code that CyberVault gives is listed here; the "
        "`docs_url` of an error leads to the same words on the server itself.",
        _table(("code", "when", "what helps"), rows),
    )


# --- pages ----------------------------------------------------------------------------------------------------------


def _words(name: str) -> str:
    return name.replace("_", " ")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    cells = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |" for row in cells)


def _page(title: str, *parts: str) -> str:
    return "\n\n".join((f"# {title}", _GENERATED, *parts)) + "\n"


PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "settings.md": settings_page,
    "sources.md": sources_page,
    "cli.md": cli_page,
    "problems.md": problems_page,
    "contracts.md": contracts_page,
    "scanners/gitleaks.toml": scanners.gitleaks,
    "scanners/trufflehog.yaml": scanners.trufflehog,
    "scanners/github.md": scanners.github,
}


def stale_pages() -> dict[str, str]:
    """Pages that are not as the code would write them, with what it would write."""
    written: dict[str, Any] = {
        name: (DOCS / name).read_text(encoding="utf-8") if (DOCS / name).exists() else None for name in PAGES
    }
    return {name: text for name, make in PAGES.items() if (text := make()) != written[name]}


def main() -> int:
    """Write what is stale."""
    for name, text in stale_pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
        print(f"wrote docs/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
