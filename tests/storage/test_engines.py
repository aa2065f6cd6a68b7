"""Which engine keeps the rows."""

from pathlib import Path

import pytest

from cybervault.domain.secrets import Secret
from cybervault.storage.engines import database_at
from tests.fakes.clock import HandClock

URL = "postgresql://someone:canary-password@db.example:5432/cybervault?sslmode=require"


def test_a_path_is_a_file_for_this_machine(tmp_path: Path) -> None:
    found = database_at(tmp_path / "x.db", HandClock())
    assert (found.is_shared, found.name) == (False, str(tmp_path / "x.db"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", [URL, Secret(URL)])
def test_an_address_is_a_server_for_all_nodes_and_its_name_tells_no_password(place: str | Secret) -> None:
    found = database_at(place, HandClock())
    assert (found.is_shared, found.name) == (True, "PostgreSQL at db.example:5432/cybervault")
    assert "canary-password" not in repr(found)
