"""Marks every statement within functions of a source file, so that it is known which of them a test runs.

A mark is one write into an array of bytes before the statement: a tracer of the interpreter, which is asked at every
line of every library, adds half to the time of the tests.
"""

import ast
import re
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final, TypeAlias

SEEN: Final = "__seen__"
# What needs no test: it is there for the type checker, says that it cannot happen, or is no code.
_EXCLUDED: Final = re.compile(r"if TYPE_CHECKING:|raise AssertionError|assert_never\(|^\.\.\.$|pragma: no cover")

_Functions: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_Loops: TypeAlias = ast.For | ast.AsyncFor | ast.While


@dataclass(slots=True)
class Marks:
    """What is counted of a source file: its statements, and both sides of each branch."""

    lines: list[int] = field(default_factory=list)
    """The line of each mark; its place here is its number."""
    statements: list[int] = field(default_factory=list)
    """Numbers of marks."""
    sides: list[int] = field(default_factory=list)
    """Same."""
    outside: int = 0
    """How many statements of module level there are, which run when the file is imported."""

    def percent(self, seen: Sequence[int]) -> float:
        """How much of all that is counted was seen, in percent."""
        counted = [*self.statements, *self.sides]
        return 100.0 * (self.outside + sum(seen[number] for number in counted)) / ((self.outside + len(counted)) or 1)

    def unseen(self, seen: Sequence[int]) -> list[int]:
        """The lines that did not run, and those of conditions that were never left this way."""
        return sorted({self.lines[number] for number in (*self.statements, *self.sides) if not seen[number]})


class _Marker:
    """Puts marks into the tree of one source file."""

    def __init__(self, text: str) -> None:
        self.marks = Marks()
        self._text = text.splitlines()

    def outside(self, body: Sequence[ast.stmt]) -> None:
        """Statements that run on import are counted, those of their functions marked."""
        for statement in body:
            if self._is_excluded(statement):
                continue
            if not _is_docstring(statement):
                self.marks.outside += 1
            if isinstance(statement, _Functions):
                statement.body = self._inside(statement.body)
            else:
                for block in _blocks(statement):
                    self.outside(block)

    def _inside(self, body: Sequence[ast.stmt], *, is_side: bool = False) -> list[ast.stmt]:
        """The same statements, each after its mark; the first stands for the side of a branch that leads to it."""
        marked: list[ast.stmt] = []
        for statement in body:
            if (
                self._is_excluded(statement)
                or _is_docstring(statement)
                or isinstance(statement, ast.Global | ast.Nonlocal)
            ):
                marked.append(statement)
            else:
                number, mark = self._mark(statement)
                self.marks.statements.append(number)
                if is_side and not marked:
                    self.marks.sides.append(number)
                marked += [mark, statement]
                self._go_into(statement)
        return marked

    def _go_into(self, statement: ast.stmt) -> None:
        if isinstance(statement, ast.If | _Loops):
            statement.body = self._inside(statement.body, is_side=True)
            if statement.orelse:
                statement.orelse = self._inside(statement.orelse, is_side=True)
            elif not _is_endless(statement):
                statement.orelse = [self._side(statement)]
        elif isinstance(statement, ast.Match):
            for case in statement.cases:
                case.body = self._inside(case.body, is_side=True)
            if not _is_irrefutable(statement.cases[-1]):
                other = ast.MatchAs()
                statement.cases.append(ast.match_case(other, None, [self._side(statement)]))
        else:
            for block in _blocks(statement):
                block[:] = self._inside(block)

    def _side(self, statement: ast.stmt) -> ast.stmt:
        """The way past a condition that did not hold."""
        number, mark = self._mark(statement)
        self.marks.sides.append(number)
        return mark

    def _mark(self, statement: ast.stmt) -> tuple[int, ast.stmt]:
        number = len(self.marks.lines)
        self.marks.lines.append(statement.lineno)
        place = ast.Subscript(ast.Name(SEEN, ast.Load()), ast.Constant(number), ast.Store())
        return number, ast.copy_location(ast.Assign([place], ast.Constant(1)), statement)

    def _is_excluded(self, statement: ast.stmt) -> bool:
        return _EXCLUDED.search(self._text[statement.lineno - 1].strip()) is not None


def marked(source: Path) -> tuple[CodeType, Marks]:
    """The code of a file with marks in it, and what they count."""
    text = source.read_text(encoding="utf-8")
    tree, marker = ast.parse(text, str(source)), _Marker(text)
    marker.outside(tree.body)
    return compile(ast.fix_missing_locations(tree), str(source), "exec", dont_inherit=True), marker.marks


class Marking(MetaPathFinder):
    """Imports some source files of a package with marks; `seen` holds what ran of each, a byte a mark."""

    def __init__(self, package: str, sources: Collection[Path]) -> None:
        self._package = package
        self._sources = {str(source) for source in sources}
        self.seen: dict[Path, bytearray] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What the import system asks for each module."""
        if not fullname.startswith(self._package):
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin in self._sources:
            spec.loader = _MarkingLoader(fullname, spec.origin, self.seen)
        return spec

    def install(self) -> None:
        """From here on; what is imported already has no marks, which would be a gap that nobody sees."""
        if early := [name for name in sys.modules if name.startswith(f"{self._package}.")]:
            raise RuntimeError(f"imported before it could be marked: {', '.join(early)}")
        sys.meta_path.insert(0, self)


class _MarkingLoader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, seen: dict[Path, bytearray]) -> None:
        super().__init__(fullname, path)
        self._seen = seen

    def get_code(self, fullname: str) -> CodeType:
        code, marks = marked(Path(self.get_filename(fullname)))
        self._seen[Path(self.path)] = bytearray(len(marks.lines))
        return code

    def exec_module(self, module: ModuleType) -> None:
        code = self.get_code(module.__name__)
        vars(module)[SEEN] = self._seen[Path(self.path)]
        exec(code, vars(module))  # noqa: S102 - what every loader does


def _blocks(statement: ast.stmt) -> list[list[ast.stmt]]:
    """The bodies within a statement."""
    handlers = [handler.body for handler in getattr(statement, "handlers", ())]
    cases = [case.body for case in getattr(statement, "cases", ())]
    own = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
    return [block for block in (*own, *handlers, *cases) if block]


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_endless(statement: ast.If | _Loops) -> bool:
    return isinstance(statement, ast.While) and isinstance(statement.test, ast.Constant)


def _is_irrefutable(case: ast.match_case) -> bool:
    return isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None and case.guard is None
