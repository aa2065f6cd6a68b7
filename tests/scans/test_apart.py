"""Engines that are processes of their own: what they are handed, and what is said of those that fail."""

import json
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from cybervault.egress.message import EgressError
from cybervault.egress.probing import Prober
from cybervault.scans.apart import Apart
from cybervault.scans.engines import SSH_AUDIT, ssh_audit
from cybervault.scans.engines.services import Named
from cybervault.scans.profiles import Profile, ProfileName
from cybervault.scans.seen import CoverageState, Host, Report, Service
from cybervault.scans.toolbox import Toolbox
from tests.fakes.scan_engines import stand_in
from tests.scans.desk import NO_ENGINES, profiles_of

HERE: Final = Service(Host("web.example", "127.0.0.1", "web.example"), 2222)
SSH: Final = Named("ssh", "SSH-2.0-x")
STANDARD, COMPLIANCE = (profiles_of(1)[name] for name in (ProfileName.STANDARD, ProfileName.COMPLIANCE))
WEAK: Final = {"enc": [{"algorithm": "3des-cbc", "notes": {"fail": ["broken"], "warn": ["old"]}}]}


async def looked(
    apart: Apart, named: Named = SSH, *, profile: Profile = STANDARD, may: bool = True, absent: Collection[str] = ()
) -> Report:
    prober = Prober(lambda _address: may, has_loopback=True)
    return await apart.look(HERE, named, profile, prober=prober, absent=absent)


def with_ssh(toolbox: Toolbox, **bounds: Any) -> Apart:  # noqa: ANN401 - numbers of both kinds
    adapter = replace(ssh_audit.ADAPTER, bounds=replace(ssh_audit.ADAPTER.bounds, **bounds))
    return Apart(toolbox, (adapter,))


async def test_what_it_saw_is_kept_as_far_as_the_profile_asks(tmp_path: Path) -> None:
    """It is handed an address, and no name that it would resolve."""
    words = tmp_path / "words"
    script = (
        f"import sys; open({str(words)!r}, 'w').write(repr(sys.argv[1:])); print({json.dumps(WEAK)!r}); sys.exit(3)"
    )
    apart = with_ssh(stand_in(tmp_path, SSH_AUDIT, script))
    standard, compliance = await looked(apart), await looked(apart, profile=COMPLIANCE)
    assert [(one.asset, one.rule, one.engine, one.place, one.evidence) for one in standard.seen] == [
        ("web.example", "ssh_weak_cipher", "ssh-audit", "2222/tcp", "3des-cbc (broken)")
    ]
    assert [one.rule for one in compliance.seen] == ["ssh_weak_cipher", "ssh_not_recommended"]
    (line,) = standard.coverage
    assert (line.state, line.places, line.reason) == (CoverageState.COVERED, ("2222/tcp",), "")
    assert words.read_text().endswith("'-p', '2222', '127.0.0.1']")
    assert "web.example" not in words.read_text()


@pytest.mark.parametrize(
    ("script", "bounds", "reason"),
    [
        ("import time; time.sleep(600)", {"seconds": 0.4}, "it took longer than 0.4 seconds"),
        ("print('x' * 9_000_000)", {"output_bytes": 1_000}, "it wrote more than 0 MiB"),
        ("import os; os.abort()", {}, "it crashed (Aborted)"),
        ("import sys; sys.exit(1)", {}, "it could not speak with the server"),
        ("print('{\"enc\": [')", {}, "what it wrote is no audit"),
        ("", {}, "what it wrote is no audit"),
    ],
    ids=["hangs", "floods", "dies", "fails", "breaks off", "says nothing"],
)
async def test_one_that_does_not_do_its_work_has_failed(
    tmp_path: Path, script: str, bounds: dict[str, Any], reason: str
) -> None:
    report = await looked(with_ssh(stand_in(tmp_path, SSH_AUDIT, script), **bounds))
    assert report.seen == []
    assert [(line.state, line.reason) for line in report.coverage] == [(CoverageState.FAILED, reason)]


async def test_nothing_is_started_towards_an_address_that_may_not_be_scanned(tmp_path: Path) -> None:
    apart = with_ssh(stand_in(tmp_path, SSH_AUDIT, f"open({str(tmp_path / 'started')!r}, 'w')"))
    with pytest.raises(EgressError):
        await looked(apart, may=False)
    assert not (tmp_path / "started").exists()


async def test_one_that_has_gone_since_the_scan_began_is_told_and_one_that_was_never_there_not_again() -> None:
    apart = with_ssh(NO_ENGINES)
    (line,) = (await looked(apart)).coverage
    assert (line.state, line.places) == (CoverageState.NOT_TESTED, ("2222/tcp",))
    assert (await looked(apart, absent=frozenset({SSH_AUDIT}))).coverage == []


async def test_what_speaks_something_else_by_now_has_nothing_left_of_what_was_seen() -> None:
    (line,) = (await looked(with_ssh(NO_ENGINES), Named("http"))).coverage
    assert (line.state, line.reason) == (CoverageState.COVERED, "nothing to look at")
