"""What people are told of a PostgreSQL server: never its user, password or options."""

import os

import asyncpg  # type: ignore[import-untyped] # it brings no types

from cybervault.domain.secrets import Secret


def server_name(address: Secret) -> str:
    """Host and database, without user, password and options."""
    place = address.reveal().partition("://")[2].rpartition("@")[2]
    return f"PostgreSQL at {place.partition('?')[0]}"


def reason_of(error: BaseException | None) -> str:
    """Words without any part of the address; of an error's own text only the server's is known to hold none."""
    match error:
        case TimeoutError():
            return "no answer in time"
        case OSError(errno=int(number)) if number > 0:
            return os.strerror(number)
        case OSError():
            return "its host cannot be reached"
        case asyncpg.PostgresError():
            return str(error)
        case asyncpg.ClientConfigurationError() | ValueError():
            return "its address cannot be read"
        case _:
            return "the connection was lost"
