"""Check 141 for our own secrets: keys, passwords, cookies, one-time tokens and the pepper come out once or never.

The whole flow runs over a real server at its most talkative, on either engine; then every secret that it made or was
given is searched in every encoding in logs, rows, files, answers, commands and exports.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import pytest

from cybervault.access import tokens
from cybervault.access.tokens import Pepper
from cybervault.domain.principals import KeyKind
from cybervault.domain.secrets import Secret
from tests.contracts.own_secrets import Household, go_through_everything, settings_of_proof
from tests.fakes.canaries import Canaries, Leak, Traces, Watch, canary, in_folder
from tests.fakes.engines import Postgres
from tests.fakes.processes import served
from tests.fakes.upstream import UpstreamFarm

_TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"

# The proof is empty where one of these was not even made.
MADE = ("setup token", "session", "one-time codes", "recovery code", "invitation", "reset password", "key over HTTP")


@pytest.fixture
def settings(farm: UpstreamFarm, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the server and the commands are given."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    given = farm.environment() | settings_of_proof() | {"CYBERVAULT_DATA": str(data), "COLUMNS": "200"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given | {"TMPDIR": str(temporary)}


def walk(data: Path, settings: dict[str, str], break_rows: Callable[[], None]) -> Household:
    """The whole flow, ended by a crash, with all that came out but the rows."""
    traces, output, temporary = Traces(), data.with_name("output"), Path(settings["TMPDIR"])
    with served(data, settings, output) as server, Watch(server.pid, temporary) as watch:
        house = Household(server, traces)
        go_through_everything(house)
        traces.add_all(in_folder(data))
        break_rows()
        assert house.with_key("/v3/keys", "key managing").status >= 500  # reads rows whatever is remembered
        assert house.as_member("GET", "/api/console/me").status >= 500
        assert server.answers()
    # Shown to the operator, this once; whatever repeats it is found.
    traces.add("output", output.read_bytes().replace(house.texts["setup token"].encode(), b"", 1))
    traces.add_all(watch.seen())
    traces.add_all(in_folder(data))
    house.keep("pepper as a key", Pepper.of(Secret(canary("pepper"))).key.hex())
    return house


def break_file(data: Path) -> None:
    with closing(sqlite3.connect(data / "cybervault.db", isolation_level=None)) as connection:
        connection.execute("DROP TABLE tenants")


class TestEverything:
    @pytest.mark.timeout(120)
    def test_check_141_no_secret_of_ours_comes_out_of_the_embedded_form(
        self, data: Path, settings: dict[str, str]
    ) -> None:
        house = walk(data, settings, lambda: break_file(data))
        places = {place for place, _ in house.traces.contents}
        assert {"cybervault.db-wal", "values of cybervault.db", "command line", "output", "commands"} <= places
        assert all(any(name.startswith(word) for name in house.made) for word in MADE)
        assert house.traces.leaks(house.canaries()) == []
        assert not (data / "setup-token").exists()

    @pytest.mark.full
    @pytest.mark.timeout(180)
    def test_check_141_nor_out_of_postgresql(
        self,
        data: Path,
        settings: dict[str, str],
        postgres: Postgres,
        postgres_url: str,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        url = postgres_url.replace("postgres@", f"postgres:{quote(canary('database password'), safe='')}@")
        monkeypatch.setenv("CYBERVAULT_DATABASE_URL", url)
        rows: list[bytes] = []

        def break_rows() -> None:
            rows.extend(rows_of(postgres, postgres_url))
            postgres.run("DROP TABLE tenants CASCADE", postgres_url)

        house = walk(data, settings | {"CYBERVAULT_DATABASE_URL": url}, break_rows)
        rows.extend(rows_of(postgres, postgres_url))
        assert any(b"key live" in row or b"personal" in row for row in rows)
        house.traces.add("rows", b"\n".join(rows))
        assert house.traces.leaks(house.canaries()) == []


def rows_of(postgres: Postgres, url: str) -> Iterator[bytes]:
    """Every row as text; bytes come in hex."""
    for (table,) in postgres.run(_TABLES, url):
        for (row,) in postgres.run(f"SELECT t::text FROM {table} t", url):  # noqa: S608 - its own names
            yield str(row).encode()


class TestSearcher:
    """A proof by search is worth what the searcher finds, of secrets that we make as well."""

    @pytest.mark.parametrize("kind", KeyKind)
    def test_check_141_a_key_in_a_row_is_found(self, tmp_path: Path, kind: KeyKind) -> None:
        text = tokens.mint(kind).secret.reveal()
        with closing(sqlite3.connect(tmp_path / "some.db")) as connection, connection:
            connection.execute("CREATE TABLE kept (value)")
            connection.execute("INSERT INTO kept VALUES (?)", [text.removeprefix(kind.value)])
        assert {leak.place for leak in leaks_of(text, tmp_path)} == {"some.db", "values of some.db"}

    def test_check_141_a_cookie_with_signs_is_found(self, tmp_path: Path) -> None:
        text = "ab-Cd_ef-Gh_" + "ij-Kl_mn-Op_" + "qr-St_uv-Wx_" + "yz-0123"
        (tmp_path / "log").write_text(f"cookie={text}")
        assert {leak.form for leak in leaks_of(text, tmp_path)} >= {"piece 1 as it is", "piece 3 as it is"}

    def test_check_141_a_hint_is_no_leak(self, tmp_path: Path) -> None:
        minted = tokens.mint(KeyKind.SERVICE_LIVE)
        (tmp_path / "log").write_text(f"{minted.hint} {os.urandom(2_000).hex()}")
        assert leaks_of(minted.secret.reveal(), tmp_path) == []


def leaks_of(text: str, folder: Path) -> list[Leak]:
    """Where a secret that we made comes out below a folder."""
    traces = Traces()
    traces.add_all(in_folder(folder))
    token = tokens.parse(text)
    return traces.leaks(Canaries((), {"it": text.removeprefix(token.kind.value) if token else text}))
