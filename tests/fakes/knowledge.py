"""A small local knowledge for tests: the curated lists alone, compiled in a moment."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from cybervault.intel.compile import Packages, compile_knowledge


def small_packages(folder: Path) -> Packages:
    """The curated lists alone; `folder` gets an empty one."""
    empty = folder / "empty"
    empty.mkdir(parents=True)
    return replace(Packages.installed(), lists=empty, clusters=empty)


def compile_small_knowledge(folder: Path) -> Path:
    """Compile into `folder / "knowledge"` and give that; it counts as up to date."""
    compile_knowledge(folder / "knowledge", small_packages(folder), built_at=datetime(2026, 11, 1, tzinfo=UTC))
    return folder / "knowledge"
