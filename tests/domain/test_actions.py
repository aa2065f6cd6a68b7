"""Actions: the catalogue is whole, and targets are read into one form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.domain.actions import CATALOGUE, ActionType, TargetKind, read_target
from cybervault.domain.problems import Problem, ProblemKind

T = ActionType
SHA256 = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"


class TestCatalogue:
    def test_every_type_is_in_it_and_every_kind_of_target_is_used(self) -> None:
        assert list(CATALOGUE) == list(ActionType)
        assert {rule.target for rule in CATALOGUE.values()} == set(TargetKind)

    def test_every_action_says_in_sentences_what_it_does_and_what_it_touches(self) -> None:
        for rule in CATALOGUE.values():
            sentences = [rule.summary, rule.blast_radius, *([rule.undo] if rule.undo else [])]
            assert all(text.endswith(".") and text[0].isupper() for text in sentences)

    def test_what_can_be_taken_back_says_how(self) -> None:
        reversible = {action.value for action, rule in CATALOGUE.items() if rule.is_reversible}
        assert reversible == {
            "isolate_endpoint", "block_ip", "block_domain", "block_url", "suspend_process", "quarantine_file",
            "block_hash", "disable_account", "disable_service",
        }  # fmt: skip

    def test_what_d3fend_and_react_know_is_referred_to(self) -> None:
        """What is left has no technique of its own there."""
        assert {action.value for action, rule in CATALOGUE.items() if rule.d3fend is None} == {
            "disable_service", "remove_service", "collect_forensics", "notify_owner", "run_playbook",
        }  # fmt: skip
        assert {action.value for action, rule in CATALOGUE.items() if rule.react is None} == {
            "isolate_endpoint", "kill_process", "suspend_process", "revoke_sessions", "collect_forensics",
            "notify_owner", "run_playbook",
        }  # fmt: skip
        assert all(rule.d3fend is None or rule.d3fend.startswith("D3-") for rule in CATALOGUE.values())
        assert all(rule.react is None or rule.react.startswith("RA") for rule in CATALOGUE.values())


class TestTarget:
    @pytest.mark.parametrize(
        ("action", "text", "expected"),
        [
            (T.BLOCK_IP, " 203[.]0.113.9 ", "203.0.113.9"),
            (T.BLOCK_IP, "2001:DB8::1", "2001:db8::1"),
            (T.BLOCK_IP, "::ffff:203.0.113.9", "203.0.113.9"),
            (T.BLOCK_DOMAIN, "EVIL[.]example", "evil.example"),
            (T.BLOCK_URL, "hxxp://Evil.example/A", "http://evil.example/A"),
            (T.BLOCK_HASH, SHA256, SHA256.lower()),
            (T.QUARANTINE_FILE, SHA256, SHA256.lower()),
            (T.QUARANTINE_FILE, r"C:\Temp\A b.exe", r"C:\Temp\A b.exe"),
            (T.DELETE_FILE, "/tmp/x", "/tmp/x"),  # noqa: S108 - the name of a file, which nothing opens
            (T.ISOLATE_ENDPOINT, " Finance-07 ", "Finance-07"),
            (T.DISABLE_ACCOUNT, r"CORP\Müller", r"CORP\Müller"),
            (T.NOTIFY_OWNER, "x" * 255, "x" * 255),
        ],
    )
    def test_one_thing_has_one_form(self, action: ActionType, text: str, expected: str) -> None:
        assert read_target(action, text) == expected == read_target(action, expected)

    @pytest.mark.parametrize(
        ("action", "text", "words"),
        [
            (T.BLOCK_IP, "evil.example", "IPv4 or IPv6 address"),
            (T.BLOCK_IP, "203.0.113.0/24", "address"),
            (T.BLOCK_IP, "", "address"),
            (T.BLOCK_DOMAIN, "http://evil.example/", "domain"),
            (T.BLOCK_DOMAIN, "localhost", "domain"),
            (T.BLOCK_URL, "evil.example", "URL"),
            (T.BLOCK_URL, "http://evil.example/" + "x" * 2_048, "URL"),
            (T.BLOCK_HASH, "abc", "SHA-256"),
            (T.KILL_PROCESS, " ", "process, 1 to 255 characters"),
            (T.KILL_PROCESS, "a\x00b", "process"),
            (T.KILL_PROCESS, "ls\u200bass.exe", "process"),
            (T.RUN_PLAYBOOK, "\ud800", "playbook"),
            (T.REMOVE_REGISTRY_KEY, "x" * 256, "registry key"),
        ],
    )
    def test_what_is_not_of_its_kind_is_refused(self, action: ActionType, text: str, words: str) -> None:
        with pytest.raises(Problem, match=words) as caught:
            read_target(action, text)
        assert (caught.value.kind, caught.value.code) == (ProblemKind.INVALID, "invalid_target")

    @given(st.sampled_from(list(ActionType)), st.text())
    def test_any_text_is_a_target_or_a_problem(self, action: ActionType, text: str) -> None:
        try:
            target = read_target(action, text)
        except Problem:
            return
        assert target.isprintable()
        assert read_target(action, target) == target
