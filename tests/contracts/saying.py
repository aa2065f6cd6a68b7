"""What several files of checks say: indicators, and short readings of a farm and of warnings."""

from typing import Final

from tests.fakes.upstream import UpstreamFarm

ADDRESS: Final = "203.0.113.42"
MD5: Final = "44d88612fea8a8f36de82e1278abb02f"
SHA1: Final = "3395856ce81f2b7382dee72602f798b642f14140"
SHA256: Final = "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"
SEEDED: Final = ("virustotal", "abuseipdb", "polyswarm", "robtex")


def counts(farm: UpstreamFarm) -> dict[str, int]:
    """How often each of the document's sources was asked."""
    return {name: len(farm.calls(name)) for name in SEEDED}


def reasons(warnings: list[dict[str, str]]) -> dict[str, str]:
    """The reason of each source's warning."""
    return {warning["source"]: warning["reason"] for warning in warnings}
