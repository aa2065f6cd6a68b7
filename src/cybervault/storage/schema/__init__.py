"""The one history of the schema; `HEAD` saves a warm start from loading the migration library."""

from typing import Final

HEAD: Final = "0013"
