"""What trivy says is read as what a stranger wrote, and nothing of a secret is taken from it."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cybervault.confinement.ways import NOWHERE
from cybervault.scans.contents import Layer
from cybervault.scans.engines import trivy as module
from cybervault.scans.engines.trivy import BOUNDS, Found, Said, arguments, judge

LAYERS = [Layer("oci://r.example/app:1", place, f"sha256:{place:064x}", 10 + place) for place in range(3)]


def secret(line: int = 1, form: str = "github-pat", layer: int = 0, **instead: object) -> dict[str, object]:
    """As trivy 0.76.0 wrote one of an image that was made up."""
    cause = {"IsCause": True, "Annotation": "", "Truncated": False, "FirstCause": True, "LastCause": True}
    digest = f"sha256:{layer:064x}"
    return {
        "RuleID": form,
        "Category": "GitHub",
        "Severity": "CRITICAL",
        "Title": "GitHub Personal Access Token",
        "StartLine": line,
        "EndLine": line,
        "Code": {"Lines": [{"Number": line, "Content": "t=****************", "Highlighted": "t=****", **cause}]},
        "Match": "t=****************************************",
        "Layer": {"Digest": digest, "DiffID": digest},
        **instead,
    }


def result(target: str, *secrets: dict[str, object]) -> dict[str, object]:
    return {"Target": target, "Class": "secret", "Secrets": [*secrets]}


def said(*results: dict[str, object], **instead: object) -> bytes:
    """As it writes; without a secret it leaves out `Results`."""
    document: dict[str, Any] = {
        "SchemaVersion": 2,
        "Trivy": {"Version": "0.76.0"},
        "ReportID": "01a22a07-2951-7ebe-a0d9-cbec48eb5b63",
        "CreatedAt": "2026-11-30T01:17:22.129969254Z",
        "ArtifactID": "sha256:c59dcf0d",
        "ArtifactName": "image",
        "ArtifactType": "container_image",
        "Metadata": {"Size": 20_480, "DiffIDs": [layer.digest for layer in LAYERS], "Layers": []},
    }
    return json.dumps(document | ({"Results": results} if results else {}) | instead).encode()


def test_each_secret_is_a_form_a_file_a_line_and_a_layer() -> None:
    output = said(
        result("/srv/.env", secret(7, "sendgrid-api-token", 1), secret(7, "sendgrid-api-token", 1), secret(3)),
        result("/../../out/token", secret(-1)),
        result("etc//./x", secret(2, "x\x1b[31mred", 2)),
        {"Target": "oci (debian 12)", "Class": "os-pkgs"},
    )
    assert judge(output, 0, LAYERS) == Said(
        "0.76.0",
        (
            Found("etc/x", "secret", 2, 2),
            Found("out/token", "github-pat", 0, 0),
            Found("srv/.env", "github-pat", 3, 0),
            Found("srv/.env", "sendgrid-api-token", 7, 1),
        ),
    )
    assert judge(said(), 0, LAYERS) == Said("0.76.0", ())
    for about in ({}, {"Version": "9\x1b[31m"}):
        assert judge(said(Trivy=about), 0, LAYERS).version == "of an unknown version"


@pytest.mark.parametrize(
    ("output", "code", "reason"),
    [
        (said(), 1, "exit status 1"),
        (said(), None, "exit status None"),
        (said()[:-4], 0, "no list of secrets"),
        (b"", 0, "no list of secrets"),
        (b"{}", 0, "no list of secrets"),
        (b"[" * 100_000, 0, "no list of secrets"),
        (said(Results=[{"Target": "\xff"}]).replace(b"\\u00ff", b"\xff"), 0, "no list of secrets"),
        (said(Results=[{"Secrets": []}]), 0, "no list of secrets"),
        (said(result("/x", secret(Layer={}))), 0, "no list of secrets"),
        (said(Metadata={"DiffIDs": [layer.digest for layer in LAYERS[:2]]}), 0, "other layers"),
        (said(Metadata={"DiffIDs": []}), 0, "other layers"),
        (said(result("/x", secret(layer=9))), 0, "a layer that it was not given"),
        (said(result("/x", secret(1), secret(2)), result("/y", secret(1), secret(2))), 0, "more than 3 secrets"),
    ],
)
def test_what_is_no_answer_is_none(
    output: bytes, code: int | None, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(module, "FOUND_MAX", 3)
    with pytest.raises(ValueError, match=reason):
        judge(output, code, LAYERS)


def test_it_calls_nobody_and_heeds_no_settings_but_ours() -> None:
    words = arguments(Path("/x/image"), Path("/x/own"))
    assert words[:3] == ["image", "--input", "/x/image"]
    assert {"--offline-scan", "--skip-db-update", "--skip-java-db-update", "--skip-check-update"} <= {*words}
    assert {"--skip-version-check", "--disable-telemetry"} <= {*words}
    named = dict(pairwise(words))
    assert [named[one] for one in ("--config", "--ignorefile", "--secret-config")] == ["", "", ""]
    assert [named[one] for one in ("--scanners", "--pkg-types", "--cache-dir")] == ["secret", "os", "/x/own/cache"]
    # Texts about keys, and what it would unpack files of to read it.
    assert {"**/fixtures/**", "usr/share/doc/**", "var/lib/dpkg/status*"} <= {*named["--skip-files"].split(",")}
    assert BOUNDS.port == NOWHERE
    assert not BOUNDS.starts_programs
