"""Entities: evident ones only, each once."""

from cybervault.detection.entities import entities_of, named
from cybervault.detection.record import Value

DIGEST = "44d88612fea8a8f36de82e1278abb02f"


def test_fields_of_the_taxonomy_tell_who_and_what() -> None:
    fields = {
        "Computer": "ws-1",
        "User": "CORP\\ann",
        "Image": "C:\\a.exe",
        "DestinationIp": "203.0.113.7",
        "QueryName": "example.net",
        "Hashes": f"MD5={DIGEST.upper()},IMPHASH=00",
        "TargetFilename": None,
        "Other": "x",
    }
    assert entities_of(fields) == (
        ("host", "ws-1"),
        ("user", "CORP\\ann"),
        ("process", "C:\\a.exe"),
        ("ip", "203.0.113.7"),
        ("domain", "example.net"),
        ("hash", DIGEST),
    )


def test_what_cannot_be_an_entity_is_left_out() -> None:
    pairs: list[tuple[str, Value]] = [
        ("ip", "no address"), ("ip", "::"), ("ip", ("10.0.0.1", "10.0.0.1")), ("user", "-"), ("user", ""),
        ("user", None), ("host", "a\nb"), ("host", "x" * 5000), ("host", ("y" * 5000, "z")), ("hash", "x"),
    ]  # fmt: skip
    assert named(pairs) == (("ip", "10.0.0.1"), ("host", "z"))
