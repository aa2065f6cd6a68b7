"""A small local knowledge for tests: the curated lists alone, compiled in a moment."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cybervault.intel.compile import Packages, compile_knowledge


def compile_small_knowledge(folder: Path) -> Path:
    """Compile into `folder / "knowledge"` and give that; it counts as up to date."""
    empty = folder / "empty"
    empty.mkdir(parents=True)
    packages = replace(Packages.installed(), lists=empty, clusters=empty)
    compile_knowledge(folder / "knowledge", packages, built_at=datetime(2026, 11, 1, tzinfo=UTC))
    return folder / "knowledge"
