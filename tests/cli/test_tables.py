"""What somebody copies from a table is whole in a narrow window."""

import io

from rich.console import Console

from cybervault.cli.tables import listing

ID = "del_7k2m9x4q1p7k2m9x4q1p7k2m9x4q1p"


def test_an_id_keeps_to_one_line_and_the_rest_goes_on_below() -> None:
    out = io.StringIO()
    table = listing("id", folded=("reason", "address"))
    table.add_row(ID, "the receiver answered with status 418", "https://hooks.example.com/cybervault")
    Console(file=out, width=60).print(table)
    lines = out.getvalue().splitlines()
    assert ID in lines[1]
    assert "…" not in out.getvalue()
    assert "418" in " ".join(lines)
