"""Doors with one keeper: who may read a secret, the environment, the clock, and who may go around a rule."""

import ast
import re
from collections.abc import Callable, Iterator

import pytest

from tests.architecture.tree import PACKAGE, functions, name_of, sources, syntax

# Where a secret leaves us: for the one request header it belongs to, for the address of a database, for the hash of a
# password, and when a new one of ours is shown, once.
MAY_REVEAL = frozenset(
    {
        "access/passwords.py",
        "cli/admin.py",
        "cli/key_view.py",
        "cli/serve.py",
        "cli/users.py",
        "cli/webhooks.py",
        "egress/client.py",
        "egress/signing.py",
        "faces/console/factor_shapes.py",
        "faces/session_cookie.py",
        "faces/v3/management/key_shapes.py",
        "faces/v3/management/shapes.py",
        "faces/v3/webhook_shapes.py",
        "storage/bus.py",
        "storage/glimpse.py",
        "storage/postgres.py",
        "storage/postgres_words.py",
        "storage/redis.py",
    }
)
MAY_READ_ENVIRONMENT = frozenset({"settings.py"})
# The bans of ruff's TID251 may be lifted by a comment only where the banned thing has its home.
MAY_LIFT_BAN = frozenset({"domain/clock.py", "settings.py"})

_LIFTED_BAN = re.compile(r"#\s*(?:noqa(?!:)|noqa:[^#]*TID251|ruff:\s*noqa)")


def revealing_lines(tree: ast.Module) -> Iterator[int]:
    """Lines that reach for `.reveal`, called or handed on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "reveal":
            yield node.lineno


def environment_lines(tree: ast.Module) -> Iterator[int]:
    """Lines that read the environment, by whatever spelling."""
    names = {"environ", "environb", "getenv", "getenvb", "putenv", "load_dotenv"}
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in names:
                yield node.lineno
            case ast.ImportFrom(module="os", names=imported) if names & {item.name for item in imported}:
                yield node.lineno


def _elsewhere(find: Callable[[ast.Module], Iterator[int]], keepers: frozenset[str]) -> list[str]:
    return [
        f"{name_of(path)}:{line}"
        for path in sources()
        if path.relative_to(PACKAGE).as_posix() not in keepers
        for line in find(syntax(path))
    ]


def test_a_secret_is_read_only_where_it_leaves_us() -> None:
    """A key's text exists for the one header it belongs to, or to be shown once, and nowhere else."""
    strangers = _elsewhere(revealing_lines, MAY_REVEAL)
    assert not strangers, f"hand the Secret on, do not read it: {strangers}"


def test_only_settings_read_the_environment() -> None:
    strangers = _elsewhere(environment_lines, MAY_READ_ENVIRONMENT)
    assert not strangers, f"take your part of the settings by constructor: {strangers}"


def test_bans_are_lifted_only_at_the_home_of_the_banned_thing() -> None:
    strangers = [
        f"{name_of(path)}:{number}"
        for path in sources()
        if path.relative_to(PACKAGE).as_posix() not in MAY_LIFT_BAN
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if _LIFTED_BAN.search(line)
    ]
    assert not strangers, f"the ban holds here too: {strangers}"


def test_a_secret_has_one_way_to_be_read() -> None:
    """Whoever adds a second reader to `Secret` has to come past here."""
    readers = {node.name for node in functions(PACKAGE / "domain" / "secrets.py") if not node.name.startswith("__")}
    assert readers == {"reveal", "fingerprint", "keyed_digest"}


@pytest.mark.parametrize("text", ["key.reveal()", "send(key.reveal)", "x = [k.reveal() for k in keys]"])
def test_a_planted_reader_of_a_secret_is_found(text: str) -> None:
    assert list(revealing_lines(ast.parse(text))) == [1]


@pytest.mark.parametrize(
    "text",
    ["os.environ['A']", "os.getenv('A')", "from os import environ", "from os import getenv as g", "environ['A']"],
)
def test_a_planted_reader_of_the_environment_is_found(text: str) -> None:
    assert list(environment_lines(ast.parse(text))) == [1]
