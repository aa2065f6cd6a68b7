"""Tables of the command line: what somebody copies from one, as an id, is never cut, however narrow the window."""

from rich.table import Table


def listing(*whole: str, folded: tuple[str, ...] = ()) -> Table:
    """A table with columns that keep to one line, then those that go on below where they do not fit."""
    made = Table(box=None, header_style="dim", pad_edge=False)
    for head in whole:
        made.add_column(head, no_wrap=True, overflow="fold")
    for head in folded:
        made.add_column(head, overflow="fold")
    return made
