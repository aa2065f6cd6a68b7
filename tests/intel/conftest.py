"""What several test files of local knowledge stand on: a small compiled generation and the real one."""

from pathlib import Path

import pytest

from cybervault.intel.compile import Packages, compile_knowledge
from cybervault.intel.knowledge import Knowledge
from tests.intel.small import BUILT_AT, write_packages


@pytest.fixture
def packages(tmp_path: Path) -> Packages:
    (tmp_path / "packages").mkdir()
    return write_packages(tmp_path / "packages")


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Where the small generation is compiled to; empty before."""
    return tmp_path / "knowledge"


@pytest.fixture
def compiled(packages: Packages, directory: Path) -> Path:
    """The directory with the small generation in it."""
    compile_knowledge(directory, packages, built_at=BUILT_AT)
    return directory


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """The small generation, open; compiled once."""
    return compile_small(tmp_path_factory.mktemp("small"))


@pytest.fixture(scope="session")
def small_dot_com(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """The same with names of `.com`, because `.example` is a special name that nobody looks up."""
    return compile_small(tmp_path_factory.mktemp("small"), top="com")


def compile_small(folder: Path, top: str = "example") -> Knowledge:
    compile_knowledge(folder / "knowledge", write_packages(folder, top), built_at=BUILT_AT)
    opened = Knowledge.open(folder / "knowledge")
    assert opened is not None
    return opened


@pytest.fixture(scope="session")
def shipped(shipped_knowledge: Path) -> Knowledge:
    """The knowledge of the installed packages."""
    opened = Knowledge.open(shipped_knowledge)
    assert opened is not None
    return opened
