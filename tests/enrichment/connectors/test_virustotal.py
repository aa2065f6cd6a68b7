"""What is asked of VirusTotal and read from it, case by case."""

from pathlib import Path

import pytest

from cybervault.enrichment.connectors import virustotal
from tests.enrichment.connectors.cases import case_files, check_case


@pytest.mark.parametrize("path", case_files("virustotal"), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    check_case(virustotal.CONNECTOR, path)
