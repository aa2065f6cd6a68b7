"""Whatever a caller or an operator can name is documented: settings, sources, paths, problem codes, commands."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from cybervault.app.server import create_app
from cybervault.enrichment.connectors import CONNECTORS
from cybervault.faces.http import Frame, LeanRoute
from cybervault.settings import Settings
from docs import generate
from tests.architecture.tree import PACKAGE, ROOT, functions, sources, syntax

DOCS = ROOT / "docs"
_LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)(?:#[^)]*)?\)")
_CONTRACT = re.compile(r"\bcontract (\d(?:\.\d+)+)")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_no_generated_page_is_stale() -> None:
    stale = sorted(generate.stale_pages())
    assert not stale, f"run `make docs`, these pages are not what the code says: {stale}"


@pytest.mark.parametrize("name", generate.setting_names())
def test_every_setting_is_documented_with_its_meaning(name: str) -> None:
    row = next(line for line in page("settings.md").splitlines() if line.startswith(f"| `{name}` |"))
    assert row.split("|")[-2].strip(), f"{name} has no description"


@pytest.mark.parametrize("name", [connector.source.name for connector in CONNECTORS])
def test_every_source_is_documented(name: str) -> None:
    assert f'<a id="{name}"></a>' in page("sources.md")


def test_every_path_is_documented(tmp_path: Path) -> None:
    frame = create_app(Settings(data=tmp_path))
    assert isinstance(frame, Frame)
    app = frame._app
    assert isinstance(app, FastAPI)
    routes = [route for route in app.router.routes if isinstance(route, LeanRoute)]
    paths = {f"{method} {route.path_format}" for route in routes for method in route.methods or ()}
    missing = sorted(path for path in paths if f"`{path}`" not in page("api.md"))
    assert len(paths) > 60
    assert not missing, f"write them into docs/api.md: {missing}"


@pytest.mark.parametrize("name", generate.commands())
def test_every_command_is_documented_with_its_purpose(name: str) -> None:
    section = page("cli.md").partition(f"## `{name}`\n\n")[2].partition("\n\n")[0]
    assert section, f"{name} has no docstring"
    assert not section.startswith(("|", "#")), f"{name} has no docstring"


def problem_codes(path: Path) -> Iterator[str]:
    """Codes that a file gives to callers.

    They stand as `code="..."`, under "code" in a literal body, behind a ProblemKind in a tuple, or in the call
    of a local function that makes a Problem and whose first parameter is `code`.
    """
    makers = {node.name for node in functions(path) if _makes_problem(node)}
    for node in ast.walk(syntax(path)):
        match node:
            case ast.keyword(arg="code", value=ast.Constant(value=str() as code)):
                yield code
            case ast.Dict(keys=keys, values=values):
                for key, value in zip(keys, values, strict=True):
                    match key, value:
                        case ast.Constant(value="code"), ast.Constant(value=str() as code):
                            yield code
            case ast.Tuple(
                elts=[ast.Attribute(value=ast.Name(id="ProblemKind")), ast.Constant(value=str() as code), *_]
            ):
                yield code
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str() as code), *_]) if name in makers:
                yield code


def _makes_problem(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    match node:
        case ast.FunctionDef(args=ast.arguments(args=[ast.arg(arg="code"), *_]), returns=ast.Name(id="Problem")):
            return True
        case _:
            return False


def test_every_problem_code_is_documented_and_no_other() -> None:
    written = set(re.findall(r"^\| `([a-z_]+)` \|", page("problems.md"), re.MULTILINE))
    given = {code for path in sources() for code in problem_codes(path)}
    assert written == given, f"only in docs/problems.md: {written - given}; only in the code: {given - written}"


@pytest.mark.parametrize(
    "text",
    [
        'raise Problem(kind, code="planted", message="x")',
        'body = {"error": "x", "code": "planted"}',
        'KNOWN = {404: (ProblemKind.NOT_FOUND, "planted", "x")}',
        'def _bad(code: str) -> Problem: ...\nraise _bad("planted")',
    ],
)
def test_a_planted_problem_code_is_found(text: str, tmp_path: Path) -> None:
    path = tmp_path / "planted.py"
    path.write_text(text)
    assert list(problem_codes(path)) == ["planted"]


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in (*ROOT.glob("*.md"), *DOCS.rglob("*.md"))
        for target in _LINK.findall(path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]
    assert not broken, f"dead links: {broken}"


def test_every_contract_that_the_code_cites_is_written_down() -> None:
    cited = {
        number
        for path in (*sources(), *(ROOT / "web" / "src").rglob("*.ts*"))
        for number in _CONTRACT.findall(path.read_text(encoding="utf-8"))
    }
    written = set(re.findall(r"^#+ (\d(?:\.\d+)+) ", page("contracts.md"), re.MULTILINE))
    assert cited <= written, f"docs/contracts.md lacks {sorted(cited - written)}"


def test_every_top_level_part_stands_in_the_architecture_page() -> None:
    parts = {path.name.removesuffix(".py") for path in PACKAGE.iterdir() if not path.name.startswith("_")} - {
        "py.typed"
    }
    missing = {part for part in parts if not re.search(rf"\b{part}(?:\.py|/)", page("architecture.md"))}
    assert not missing, f"docs/architecture.md does not place {missing}"


def test_every_decision_has_the_five_parts() -> None:
    parts = ("## Context", "## Decision", "## Consequences", "## Rejected", "## Enforced by")
    records = sorted((DOCS / "decisions").glob("[0-9]*.md"))
    lacking = {path.name: [part for part in parts if part not in path.read_text(encoding="utf-8")] for path in records}
    assert records
    assert not {name: gaps for name, gaps in lacking.items() if gaps}
