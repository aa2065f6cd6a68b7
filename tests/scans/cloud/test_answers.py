"""What AWS answers: no document type, no entity, no depth and no flood is read."""

import pytest

from cybervault.scans.cloud import answers as module
from cybervault.scans.cloud.answers import DEPTH_MAX, UnreadableError, json_of, xml_of

BOMB = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxxxx"><!ENTITY y "&x;&x;&x;">]><a>&y;</a>'


def test_elements_are_found_by_their_path_without_prefixes() -> None:
    found = xml_of(b'<R xmlns:a="urn:x"><a:Users><m><Id> 1 </Id></m><m><Id>2</Id></m></a:Users></R>')
    assert (found.name, [one.said("Id") for one in found.all("Users/m")]) == ("R", ["1", "2"])
    assert found.said("Users/none") == ""
    assert found.one("none") is None
    assert xml_of(b'<?xml version="1.0" encoding="made-up"?><a>\xc3\xa9</a>').text == "é"


@pytest.mark.parametrize(
    "raw",
    [
        BOMB,
        b'<!DOCTYPE html SYSTEM "http://127.0.0.1/x"><a/>',
        b"<a>&undefined;</a>",
        b"<a><b></a>",
        b"",
        b"not at all",
        b"<a>" * (DEPTH_MAX + 1) + b"</a>" * (DEPTH_MAX + 1),
        b'<?xml version="1.0" encoding="utf-16"?><a>\xff</a>',
    ],
)
def test_what_is_hostile_or_broken_is_not_read(raw: bytes) -> None:
    with pytest.raises(UnreadableError):
        xml_of(raw)


def test_a_flood_of_elements_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "NODES_MAX", 10)
    assert len(xml_of(b"<a>" + b"<b/>" * 9 + b"</a>").children) == 9
    with pytest.raises(UnreadableError):
        xml_of(b"<a>" + b"<b/>" * 10 + b"</a>")


def test_json_has_the_form_that_is_asked_for() -> None:
    assert json_of(b'{"a": "b"}', dict[str, str]) == {"a": "b"}
    for raw in (b'{"a": 1}', b"<html>", b"[" * 100_000):
        with pytest.raises(UnreadableError):
            json_of(raw, dict[str, str])
