"""The rules as they ship: every one that an engine can name stands there, and no other."""

import ast
import re
from pathlib import Path

from cybervault.domain.verdicts import Severity
from cybervault.scans import cloud, engines
from cybervault.scans.rules import is_asked, rules_of_control, scan_rules


def named_by_engines() -> set[str]:
    """All texts of the engines that look like a rule and are one, or that stand where one belongs."""
    folders = (Path(engines.__file__).parent, Path(cloud.__file__).parent)
    texts = {
        node.value
        for folder in folders
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if text in scan_rules()}


def test_every_rule_is_named_by_an_engine() -> None:
    assert named_by_engines() == set(scan_rules())


def test_a_rule_says_what_to_do_and_which_control_it_is_about() -> None:
    for name, rule in scan_rules().items():
        assert re.fullmatch(r"[a-z0-9_]+", name)
        assert rule.remediation.endswith(".")
        assert rule.controls
        assert all(re.fullmatch(r"[A-Z]{2}-[0-9]{1,2}", control) for control in rule.controls)
        assert all(reference.startswith("https://") for reference in rule.references)


def test_every_rule_speaks_spanish_too() -> None:
    for rule in scan_rules().values():
        assert rule.title_es != rule.title
        assert rule.remediation_es != rule.remediation
        assert rule.remediation_es.endswith(".")


def test_the_rules_of_a_control_or_of_its_family() -> None:
    assert "telnet_open" in rules_of_control("IA-2")
    assert rules_of_control("SC-8") < rules_of_control("SC")
    assert rules_of_control("S") == frozenset()


def test_rules_of_compliance_are_those_that_engines_ask_with_it_only() -> None:
    asked = {name for name in scan_rules() if is_asked(name, has_compliance_rules=False)}
    # Those of clouds are divided by severity: what is critical or high is asked by every profile.
    clouds = {name for name in scan_rules() if name.startswith("cloud_")}
    grave = {name for name in clouds if scan_rules()[name].severity in {Severity.CRITICAL, Severity.HIGH}}
    assert grave == clouds & asked
    assert set(scan_rules()) - asked - clouds == {
        "caa_missing", "certificate_long_lived", "dnssec_missing", "image_old", "image_without_healthcheck",
        "mta_sts_missing", "ssh_not_recommended", "tls_ccs_injection", "tls_cipher_not_recommended", "tls_heartbleed",
        "tls_robot",
    }  # fmt: skip
    assert is_asked("caa_missing", has_compliance_rules=True)
    assert is_asked("of others", has_compliance_rules=False)
