"""Sysmon's events and their categories."""

from cybervault.detection.normal.sysmon import CATEGORIES


def test_every_event_of_sysmon_but_clipboard_has_categories() -> None:
    assert set(CATEGORIES) == {str(number) for number in range(1, 30) if number != 24} | {"255"}
    assert all(CATEGORIES.values())
    assert CATEGORIES["13"] == {"registry_event", "registry_set"}
