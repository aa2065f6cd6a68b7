"""What people are told of a server holds nothing of its address but host and database."""

import errno

import asyncpg  # type: ignore[import-untyped] # it brings no types
import pytest

from cybervault.domain.secrets import Secret
from cybervault.storage.postgres_words import reason_of, server_name


def test_a_server_is_called_by_host_and_database() -> None:
    assert (
        server_name(Secret("postgresql://me:p%40@db.example:5432/cv?sslmode=disable"))
        == "PostgreSQL at db.example:5432/cv"
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (TimeoutError("secret"), "no answer in time"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "secret"), "Connection refused"),
        (OSError("secret"), "its host cannot be reached"),
        (asyncpg.PostgresError("no such table"), "no such table"),
        (asyncpg.ClientConfigurationError("secret"), "its address cannot be read"),
        (ValueError("secret"), "its address cannot be read"),
        (asyncpg.InterfaceError("secret"), "the connection was lost"),
        (None, "the connection was lost"),
    ],
)
def test_a_failure_is_told_in_words(error: BaseException | None, words: str) -> None:
    assert reason_of(error) == words
