"""What is asked of the source `internetdb` and what is read from its replies."""

from pathlib import Path

import pytest

from cybervault.enrichment.connectors import internetdb
from tests.enrichment.connectors.cases import case_files, check_case


@pytest.mark.parametrize("path", case_files("internetdb"), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    check_case(internetdb.CONNECTOR, path)
