"""What is asked of AbuseIPDB and read from it, case by case."""

from pathlib import Path

import pytest

from cybervault.enrichment.connectors import abuseipdb
from tests.enrichment.connectors.cases import case_files, check_case


@pytest.mark.parametrize("path", case_files("abuseipdb"), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    check_case(abuseipdb.CONNECTOR, path)
