"""A server that starts on prepared state compiles no rule: hundreds of starts would be minutes of each run."""

from pathlib import Path

from cybervault.app.rules import RULES_FOLDER
from tests.fakes.threats import SEED, ThreatWorld


async def test_a_server_finds_its_rules_compiled(threats: ThreatWorld, prepared_state: Path) -> None:
    reply = await threats.ask("POST", "/v3/threats/analyze", await threats.key(), SEED)
    assert reply.status_code == 201, reply.text
    assert _compiled(threats.product.settings.data) == _compiled(prepared_state)


def _compiled(state: Path) -> set[str]:
    """What was compiled of rules; each name has a digest of what it was made of."""
    folder = state / RULES_FOLDER
    found = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    assert any("/partitions/" in name for name in found)
    return found
