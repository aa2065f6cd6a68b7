"""What is asked of PolySwarm and read from it, case by case."""

from pathlib import Path

import pytest

from cybervault.enrichment.connectors import polyswarm
from tests.enrichment.connectors.cases import case_files, check_case


@pytest.mark.parametrize("path", case_files("polyswarm"), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    check_case(polyswarm.CONNECTOR, path)
