"""Options that commands share mean the same everywhere."""

from pathlib import Path

from tests.cli.conftest import Run, document


def test_data_names_the_folder_of_state(run: Run, tmp_path: Path, data: Path) -> None:
    assert document(run("doctor", "--offline", "--json"))["checks"][0]["says"] == str(data)
    other = tmp_path / "other"
    assert document(run("doctor", "--offline", "--json", "--data", str(other)))["checks"][0]["says"] == str(other)
