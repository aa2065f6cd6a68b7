"""What is asked of the source `hashlookup` and what is read from its replies."""

from pathlib import Path

import pytest

from cybervault.enrichment.connectors import hashlookup
from tests.enrichment.connectors.cases import case_files, check_case


@pytest.mark.parametrize("path", case_files("hashlookup"), ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    check_case(hashlookup.CONNECTOR, path)
