"""The import contracts of `.importlinter` hold, and each of them catches what it is there for."""

import configparser
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.tree import PACKAGE, ROOT

LINTER = Path(sys.executable).with_name("lint-imports")
CONTRACTS = configparser.ConfigParser()
CONTRACTS.read(ROOT / ".importlinter")

# Modules that decide. Those which stand must be named by the contract that forbids them input and output.
DECIDING = (
    "domain", "detection.compile", "detection.correlate", "detection.engine", "detection.normal", "detection.risk",
    "enrichment.connector", "enrichment.connectors", "enrichment.reading", "payloads.parsers", "verdict.fusion",
    "verdict.recommend",
)  # fmt: skip
# What only the way out may touch, below the granularity of import contracts (`urllib.parse` is welcome anywhere).
# Runs in the environment of another program, and is left no port but that of our relay.
APART = PACKAGE / "scans" / "engines" / "prowler_driver"
WAYS_OUT = ("urllib.request", "http.client", "asyncio.open_connection", "smtplib", "ftplib", "xmlrpc")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the linter on the tree below `folder`."""
    return subprocess.run(
        [str(LINTER), "--no-cache", "--no-logo"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src")},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_contract_is_kept() -> None:
    outcome = lint(ROOT)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def _listed(contract: str, option: str) -> set[str]:
    return set(CONTRACTS[f"importlinter:contract:{contract}"][option].split())


def _stands(name: str) -> bool:
    place = PACKAGE.joinpath(*name.split("."))
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def test_every_deciding_module_is_named_by_its_contract() -> None:
    named = _listed("deciding", "source_modules")
    assert {f"cybervault.{name}" for name in DECIDING if _stands(name)} <= named


def test_every_face_is_named_by_its_contract() -> None:
    standing = {f"cybervault.faces.{path.parent.name}" for path in (PACKAGE / "faces").glob("*/__init__.py")}
    assert standing == _listed("faces", "modules")


def test_nobody_uses_a_way_out_that_import_contracts_cannot_see() -> None:
    strangers = [
        f"{path.relative_to(ROOT)}: {way}"
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] != "egress" and path.parent != APART
        for way in WAYS_OUT
        if way in path.read_text(encoding="utf-8")
    ]
    assert not strangers, f"everything that leaves passes egress: {strangers}"


@dataclass(frozen=True, slots=True)
class Fault:
    """One forbidden line, the file it is planted in, and the contract that must name it."""

    contract: str
    file: str
    line: str


FAULTS = (
    Fault("Arrows point down", "enrichment/lookup.py", "from cybervault import settings"),
    Fault("Arrows point down", "domain/ids.py", "from cybervault.access import limits"),
    Fault("Arrows point down", "enrichment/store.py", "import cybervault.verdict"),
    Fault("Arrows point down", "storage/tables.py", "import cybervault.egress.budget"),
    Fault("Arrows point down", "oddments.py", '"""A new top-level module that nobody placed."""'),
    Fault("Faces independent", "faces/console/__init__.py", "import cybervault.faces.ctai"),
    Fault(
        "Connectors independent", "enrichment/connectors/planted.py", "import cybervault.enrichment.connectors.robtex"
    ),
    Fault("Deciding code does no input or output", "enrichment/connectors/virustotal.py", "import asyncio"),
    Fault("Deciding code does no input or output", "domain/ids.py", "import subprocess"),
    Fault("Faces reach data through services", "faces/http.py", "import cybervault.storage.tables"),
    Fault("Only stores speak SQL", "access/limits/fixed.py", "import cybervault.storage.database"),
    Fault("Only stores speak SQL", "assessments/assess.py", "import sqlite3"),
    Fault("Engines only in storage", "access/store/tenants.py", "from cybervault.storage.sqlite import Sqlite"),
    Fault("Engines only in storage", "enrichment/store/answers.py", "import asyncpg"),
    Fault("Web framework only in faces and app", "access/limits/fixed.py", "from starlette.requests import Request"),
    Fault("Wire models only in faces and settings", "assessments/assess.py", "from pydantic import BaseModel"),
    Fault("Everything that leaves passes egress", "intel/__init__.py", "import aiohttp"),
    Fault("Everything that leaves passes egress", "enrichment/lookup.py", "    import dns.resolver"),
    Fault("No cycles among siblings", "domain/problems.py", "from cybervault.domain import observables"),
)  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.file}: {fault.line.strip()}")
def test_a_planted_import_is_caught(fault: Fault, tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "src" / "cybervault", ignore=shutil.ignore_patterns("__pycache__", "dist"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    planted = tmp_path / "src" / "cybervault" / fault.file
    text = planted.read_text(encoding="utf-8") if planted.exists() else ""
    in_function = "def planted() -> None:\n" if fault.line.startswith(" ") else ""
    planted.write_text(f"{text}\n{in_function}{fault.line}\n", encoding="utf-8")

    outcome = lint(tmp_path)

    assert outcome.returncode == 1
    assert f"{fault.contract} BROKEN" in outcome.stdout
