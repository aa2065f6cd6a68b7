"""Which sources are asked: as the settings say, and mistakes are told in words."""

from pathlib import Path

import pytest

from cybervault.app.product import Product, put_together
from cybervault.domain.problems import Problem
from cybervault.domain.secrets import Secret
from cybervault.settings import Settings, SourceSettings


async def settings_of(product: Product) -> dict[str, tuple[str, Secret | None]]:
    async with product:
        return {name: (setup.url, setup.key) for name, setup in product.setups.items()}


async def test_every_source_has_its_own_address_unless_told_otherwise(tmp_path: Path) -> None:
    parts = {"virustotal": SourceSettings(url="http://127.0.0.1:1/vt", key=Secret("k"))}
    setups = await settings_of(put_together(Settings(data=tmp_path, sources=parts)))
    assert setups["virustotal"] == ("http://127.0.0.1:1/vt", Secret("k"))
    assert setups["abuseipdb"] == ("https://api.abuseipdb.com/api/v2", None)


async def test_a_source_can_be_switched_off(tmp_path: Path) -> None:
    parts = {"rdap": SourceSettings(enabled=False)}
    assert "rdap" not in await settings_of(put_together(Settings(data=tmp_path, sources=parts)))


def test_a_source_nobody_has_is_named_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=r"no source virustotl; the sources are abuseipdb, .*virustotal"):
        put_together(Settings(data=tmp_path, sources={"virustotl": SourceSettings()}))
