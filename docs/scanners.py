"""Patterns by which scanners for leaked secrets find our keys; the pattern finds them, the public check proves them."""

from typing import Final

from cybervault.access.exposure import BODY_CHARACTERS, PREFIXES

# Without look-around: the scanners' engines have none. What stands before and after is told by the boundaries.
_INNER: Final = f"(?:{'|'.join(PREFIXES)})[0-9A-Za-z]{{{BODY_CHARACTERS}}}"
PATTERN: Final = rf"\b({_INNER})\b"
_BEFORE: Final = r"\A|[^0-9A-Za-z_]"
_AFTER: Final = r"\z|[^0-9A-Za-z_]"
_KEYWORDS: Final = ("cv_live_", "cv_test_", "cv_read_", "cbr_live_", "cbr_test_")
_HOW: Final = (
    "The last six characters are the CRC32 of everything before them, in base 62 (0-9, A-Z, a-z), so that a scanner",
    "can tell a key from a text that looks like one; tests/cases/access/key_vectors.json has texts of both sorts.",
)


def gitleaks() -> str:
    """A configuration of gitleaks: `gitleaks dir --config gitleaks.toml`, or to be included by another."""
    keywords = ", ".join(f'"{word}"' for word in _KEYWORDS)
    return "\n".join((
        "# Written by `make docs` from the code. Finds API keys of CyberVault with gitleaks 8.",
        *(f"# {line}" for line in _HOW),
        'title = "CyberVault API keys"',
        "",
        "[[rules]]",
        'id = "cybervault-api-key"',
        'description = "API key of CyberVault"',
        f"regex = '''{PATTERN}'''",
        "secretGroup = 1",
        f"keywords = [{keywords}]",
        "",
    ))  # fmt: skip


def trufflehog() -> str:
    """A configuration of TruffleHog: `trufflehog filesystem . --config trufflehog.yaml`."""
    return "\n".join((
        "# Written by `make docs` from the code. Finds API keys of CyberVault with TruffleHog 3.",
        *(f"# {line}" for line in _HOW),
        "detectors:",
        "  - name: CyberVault API key",
        "    keywords:",
        *(f"      - {word}" for word in _KEYWORDS),
        "    regex:",
        f"      key: '{PATTERN}'",
        "",
    ))  # fmt: skip


def github() -> str:
    """What to write into the form of a custom pattern of GitHub's secret scanning."""
    return "\n".join((
        "<!-- Written by `make docs` from the code; change the code, not this page. -->",
        "# A custom pattern for GitHub's secret scanning",
        "",
        "In the settings of a repository or an organisation, under the secret scanning of code security:",
        "",
        "| field | value |",
        "| --- | --- |",
        "| Pattern name | `CyberVault API key` |",
        f"| Secret format | `{_in_table(_INNER)}` |",
        f"| Before secret | `{_in_table(_BEFORE)}` |",
        f"| After secret | `{_in_table(_AFTER)}` |",
        "",
        "(The strokes with a backslash are plain ones in the form.)",
        "",
        *_HOW,
        "",
    ))  # fmt: skip


def _in_table(pattern: str) -> str:
    return pattern.replace("|", r"\|")
