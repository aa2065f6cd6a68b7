"""Profiles as they ship."""

from cybervault.scans.profiles import ProfileName, load_profiles


def test_each_profile_looks_deeper_than_the_one_before() -> None:
    standard, compliance, pentest = (load_profiles()[name] for name in ProfileName)
    assert set(standard.ports) - set(compliance.ports) <= {161}
    assert len(standard.ports) < len(compliance.ports)
    assert pentest.ports == compliance.ports
    assert [one.has_compliance_rules for one in (standard, compliance, pentest)] == [False, True, True]


def test_ports_are_ports_in_order_and_the_operators_are_among_them() -> None:
    for profile in load_profiles((80, 4711), 3).values():
        assert profile.parts_at_once == 3
        assert 4711 in profile.ports
        assert list(profile.ports) == sorted(set(profile.ports))
        assert all(1 <= port <= 65_535 for port in profile.ports)
        assert profile.summary.endswith(".")
        assert 0 < profile.connect_seconds <= profile.answer_seconds
