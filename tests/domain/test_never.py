"""What no action is done to: what a machine lives by, what is our own; each planted once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.actions import ActionType, read_target
from cybervault.domain.never import NOBODYS, Ground, ground_of, refuse_never, why_never
from cybervault.domain.problems import Problem, ProblemKind

T = ActionType
STOPPING = (T.KILL_PROCESS, T.SUSPEND_PROCESS)
OURS = ground_of(["203.0.113.0/28", "2001:db8::7", "Mail.acme.example.", "fileserver", "cyber.acme.example"])


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "127.0.0.1", "169.254.1.1", "192.168.1.1", "224.0.0.1", "255.255.255.255", "0.0.0.0", "::1",  # noqa: S104 - nothing listens
        "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_no_address_of_an_inner_network_is_blocked(address: str) -> None:
    """A wrong alarm, or whoever provokes one, cannot cut the own network off."""
    target = read_target(T.BLOCK_IP, address)
    with pytest.raises(Problem, match="no address of the public internet") as caught:
        refuse_never(T.BLOCK_IP, target)
    assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "action_refused")


@pytest.mark.parametrize("address", ["8.8.8.8", "198.51.100.42", "2001:4860:4860::8888"])
def test_public_addresses_are(address: str) -> None:
    refuse_never(T.BLOCK_IP, address)


@pytest.mark.parametrize("action", STOPPING)
@pytest.mark.parametrize(
    "name",
    [
        "lsass.exe", "csrss.exe", "wininit.exe", "winlogon.exe", "services.exe", "smss.exe", "svchost.exe",
        "System", "init", "systemd", "launchd", "kernel",
        "LSASS.EXE", "lsass", r"C:\Windows\System32\lsass.exe", "C:/Windows/System32/Lsass.exe", "lsass.exe.",
        r'"C:\Windows\System32\svchost.exe" -k netsvcs', r"C:\Windows\System32\svchost.exe /x", "lsass.exe (644)",
        "lsass.exe:644", "lsass.exe 644", "system idle process", "/sbin/init splash",
        "/usr/lib/systemd/systemd --user", "[kernel]", "kernel_task", "0", "1", "4",
    ],
)  # fmt: skip
def test_no_process_that_the_system_lives_by_is_stopped(action: ActionType, name: str) -> None:
    """Neither letter case nor a path, a number or switches around the name open a way."""
    with pytest.raises(Problem, match="the operating system lives by") as caught:
        refuse_never(action, read_target(action, name))
    assert (caught.value.kind, caught.value.code) == (ProblemKind.FORBIDDEN, "action_refused")


@pytest.mark.parametrize(
    "name",
    ["evil.exe", "lsass.exe.evil.exe", "System Informer.exe", "systemd-logind", r"C:\System\tool.exe",
     "/opt/init/x", "4892", "notlsass.exe", "-"],
)  # fmt: skip
def test_others_are(name: str) -> None:
    assert why_never(T.KILL_PROCESS, read_target(T.KILL_PROCESS, name)) is None


def test_a_name_may_be_told_and_isolated() -> None:
    for action in (T.ISOLATE_ENDPOINT, T.NOTIFY_OWNER, T.COLLECT_FORENSICS):
        refuse_never(action, "lsass.exe")


@pytest.mark.parametrize("action", [T.ISOLATE_ENDPOINT, T.RESTORE_FROM_BACKUP])
@pytest.mark.parametrize(
    "host",
    ["DC01", "dc1.corp.example", "pdc", "BDC.corp.example", "rodc02", "nyc-dc-01", "corp_dc2", "addc01", "dc", "DC."],
)
def test_no_domain_controller_is_cut_off(action: ActionType, host: str) -> None:
    """Whoever provokes an alarm on it would take the sign-in of everybody with it."""
    assert "domain controller" in str(why_never(action, read_target(action, host)))


@pytest.mark.parametrize("host", ["finance-07", "washington-dc", "dcs-printer", "macdc", "adc-1x", "this endpoint"])
def test_other_hosts_are(host: str) -> None:
    assert why_never(T.ISOLATE_ENDPOINT, host) is None


@pytest.mark.parametrize(
    ("action", "target"),
    [
        (T.BLOCK_IP, "203.0.113.9"),
        (T.BLOCK_IP, "2001:db8::7"),
        (T.BLOCK_DOMAIN, "cyber.acme.example"),
        (T.BLOCK_DOMAIN, "acme.example"),
        (T.BLOCK_URL, "https://cyber.acme.example/v3/"),
        (T.BLOCK_URL, "https://203.0.113.9:8443/"),
        (T.BLOCK_URL, "https://[2001:db8::7]/x"),
        (T.ISOLATE_ENDPOINT, "mail.acme.example"),
        (T.ISOLATE_ENDPOINT, "MAIL"),
        (T.ISOLATE_ENDPOINT, "Fileserver.acme.example"),
        (T.ISOLATE_ENDPOINT, "203.0.113.1"),
        (T.RESTORE_FROM_BACKUP, "fileserver"),
    ],
)
def test_nothing_of_our_own_is_cut_off(action: ActionType, target: str) -> None:
    """Neither what the operator named nor the product itself: blinded, it could not take the action back."""
    wanted = read_target(action, target)
    assert why_never(action, wanted, OURS)
    assert why_never(action, wanted, NOBODYS) is None
    with pytest.raises(Problem) as caught:
        refuse_never(action, wanted, OURS)
    assert caught.value.code == "action_refused"


@pytest.mark.parametrize(
    ("action", "target"),
    [
        (T.BLOCK_IP, "203.0.113.16"),
        (T.BLOCK_DOMAIN, "other.acme.example"),
        (T.BLOCK_DOMAIN, "notacme.example"),
        (T.BLOCK_URL, "https://evil.example/?u=cyber.acme.example"),
        (T.BLOCK_URL, "https://cyber.acme.example@evil.example/"),
        (T.ISOLATE_ENDPOINT, "mail.other.example"),
        (T.ISOLATE_ENDPOINT, "203.0.113.16"),
    ],
)
def test_what_only_looks_like_our_own_is(action: ActionType, target: str) -> None:
    assert why_never(action, read_target(action, target), OURS) is None


@pytest.mark.parametrize(
    ("action", "target", "words"),
    [
        (T.DELETE_FILE, r"C:\Windows\System32\lsass.exe", "does not start"),
        (T.QUARANTINE_FILE, r"c:/windows/system32/SVCHOST.EXE", "does not start"),
        (T.DELETE_FILE, "/usr/lib/systemd/systemd", "does not start"),
        (T.QUARANTINE_FILE, "/sbin/init", "does not start"),
        (T.DISABLE_SERVICE, "RpcSs", "goes down"),
        (T.REMOVE_SERVICE, "NTDS", "goes down"),
        (T.DISABLE_SERVICE, "systemd-logind.service", "goes down"),
        (T.DISABLE_ACCOUNT, r"NT AUTHORITY\SYSTEM", "operating system itself"),
        (T.DISABLE_ACCOUNT, "krbtgt@CORP.EXAMPLE", "whole domain"),
        (T.DISABLE_ACCOUNT, "root", "operating system itself"),
    ],
)
def test_no_file_service_or_account_that_the_system_lives_by_is_taken_away(
    action: ActionType, target: str, words: str
) -> None:
    assert words in str(why_never(action, read_target(action, target)))


@pytest.mark.parametrize(
    ("action", "target"),
    [
        (T.DELETE_FILE, r"C:\Temp\lsass.exe"),
        (T.DELETE_FILE, r"C:\Windows\System32\evil.exe"),
        (T.QUARANTINE_FILE, "/tmp/init"),  # noqa: S108 - the name of a file, which nothing opens
        (T.DISABLE_SERVICE, "evilsvc"),
        (T.DISABLE_ACCOUNT, r"CORP\anna"),
        (T.DISABLE_ACCOUNT, "rootkit"),
        (T.RESET_CREDENTIALS, "krbtgt"),
    ],
)
def test_what_only_has_such_a_name_is(action: ActionType, target: str) -> None:
    """A program of that name elsewhere is a disguise; and the tickets of a domain may be made worthless."""
    assert why_never(action, read_target(action, target)) is None


@pytest.mark.parametrize("text", ["", "a b", "203.0.113.0/99", "http://x.example", "x..y"])
def test_what_is_no_place_is_refused_when_it_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="no address, network or name"):
        ground_of([text])


@given(st.sampled_from(list(ActionType)), st.text())
def test_any_target_is_let_through_or_refused_with_a_sentence(action: ActionType, text: str) -> None:
    try:
        target = read_target(action, text)
    except Problem:
        return
    for ground in (NOBODYS, OURS, Ground(frozenset({"x"}))):
        reason = why_never(action, target, ground)
        assert reason is None or reason.endswith(".")
