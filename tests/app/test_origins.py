"""Which sources are asked: as the settings say, and mistakes are told in words."""

from pathlib import Path
from typing import Any

import pytest

from cybervault.app.product import put_together
from cybervault.domain.problems import Problem
from cybervault.settings import ChatSettings, DnsSettings, Settings, SourceSettings


@pytest.mark.parametrize(
    "given",
    [
        {"sources": {"virustotal": SourceSettings(url="https://a..example")}},
        {"chat": ChatSettings(url="http://exa_mple..x/v1")},
        {"dns": DnsSettings(resolvers={"9.9.9.9": "127.0.0.1:x"})},
    ],
)
def test_an_address_that_cannot_be_read_is_told_in_words(tmp_path: Path, given: dict[str, Any]) -> None:
    with pytest.raises(Problem, match="cannot be used") as caught:
        put_together(Settings(data=tmp_path, **given))
    assert caught.value.code == "bad_settings"
