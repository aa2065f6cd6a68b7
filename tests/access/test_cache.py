"""What is remembered of secrets: bounded, dropped by subject, and never filled by a read that a change overtook."""

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from cybervault.access.cache import Cache, Found
from cybervault.access.subjects import Subject

KEY = Subject("key:key_1")
OTHER = Subject("key:key_2")
TENANT = Subject("tenant:tv_1")


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry that depends on some subjects."""

    subjects: tuple[Subject, ...] = (KEY, TENANT)


def filled(*digests: bytes) -> Cache[Opened]:
    cache = Cache[Opened]()
    for digest in digests:
        cache.keep(digest, Opened(), stamp=cache.stamp, boot=0.0)
    return cache


def test_what_was_read_is_found() -> None:
    assert filled(b"a").find(b"a", 0.0) == Found(Opened())


def test_what_was_never_read_has_to_be() -> None:
    assert filled(b"a").find(b"b", 0.0) is None


def test_a_change_drops_all_that_depends_on_its_subject_and_nothing_else() -> None:
    cache = filled(b"a", b"b")
    cache.keep(b"c", Opened((OTHER,)), stamp=cache.stamp, boot=0.0)
    cache.drop([KEY])
    assert cache.find(b"a", 0.0) is None
    assert cache.find(b"b", 0.0) is None
    assert cache.find(b"c", 0.0) == Found(Opened((OTHER,)))


def test_a_tenants_change_drops_the_entries_of_all_its_keys() -> None:
    cache = filled(b"a")
    cache.keep(b"c", Opened((OTHER, TENANT)), stamp=cache.stamp, boot=0.0)
    cache.drop([TENANT])
    assert len(cache) == 0


def test_a_read_that_began_before_a_change_fills_nothing() -> None:
    """A dead key must not come back by a read that was under way when it died."""
    cache = filled()
    stamp = cache.stamp
    cache.drop([KEY])
    cache.keep(b"a", Opened(), stamp=stamp, boot=0.0)
    assert cache.find(b"a", 0.0) is None


def test_a_read_that_began_before_everything_was_dropped_fills_nothing() -> None:
    cache = filled()
    stamp = cache.stamp
    cache.drop_all()
    cache.keep(b"a", Opened(), stamp=stamp, boot=0.0)
    assert cache.find(b"a", 0.0) is None


def test_what_was_unknown_stays_so_for_less_than_a_lease() -> None:
    cache = Cache[Opened]()
    cache.keep(b"a", None, stamp=cache.stamp, boot=10.0)
    assert cache.find(b"a", 13.9) == Found(None)
    assert cache.find(b"a", 14.0) is None
    assert cache.find(b"a", 9.0) is None


def test_any_change_makes_the_unknown_worth_a_read() -> None:
    cache = Cache[Opened]()
    cache.keep(b"a", None, stamp=cache.stamp, boot=0.0)
    cache.drop([OTHER])
    assert cache.find(b"a", 0.0) is None


def test_a_known_entry_takes_the_place_of_an_unknown_one_and_the_other_way_round() -> None:
    cache = Cache[Opened]()
    cache.keep(b"a", None, stamp=cache.stamp, boot=0.0)
    cache.keep(b"a", Opened(), stamp=cache.stamp, boot=0.0)
    assert cache.find(b"a", 0.0) == Found(Opened())
    cache.keep(b"a", None, stamp=cache.stamp, boot=0.0)
    assert cache.find(b"a", 0.0) == Found(None)
    assert len(cache) == 1


def test_an_entry_that_was_read_anew_depends_on_its_new_subjects_only() -> None:
    cache = filled(b"a")
    cache.keep(b"a", Opened((OTHER,)), stamp=cache.stamp, boot=0.0)
    cache.drop([KEY])
    assert cache.find(b"a", 0.0) == Found(Opened((OTHER,)))


def test_the_longest_unused_entry_makes_room() -> None:
    cache = Cache[Opened](entries_max=2)
    for digest in (b"a", b"b"):
        cache.keep(digest, Opened(), stamp=cache.stamp, boot=0.0)
    cache.find(b"a", 0.0)
    cache.keep(b"c", Opened(), stamp=cache.stamp, boot=0.0)
    assert cache.find(b"b", 0.0) is None
    assert cache.find(b"a", 0.0) is not None
    assert cache.find(b"c", 0.0) is not None


def test_who_guesses_secrets_pushes_out_no_entry_that_works() -> None:
    cache = Cache[Opened](entries_max=1, unknown_max=2)
    cache.keep(b"a", Opened(), stamp=cache.stamp, boot=0.0)
    for number in range(1_000):
        cache.keep(str(number).encode(), None, stamp=cache.stamp, boot=0.0)
    assert cache.find(b"a", 0.0) == Found(Opened())
    assert len(cache) == 3


class Reads(RuleBasedStateMachine):
    """Random reads, some of them overtaken, against the truth that a database would hold."""

    started = Bundle("started")

    def __init__(self) -> None:
        super().__init__()
        self.cache = Cache[Opened](entries_max=3)
        self.version = dict.fromkeys(range(6), 0)

    @rule(target=started, number=st.integers(0, 5))
    def begin(self, number: int) -> tuple[int, int, int]:
        """A read sees the version of its moment."""
        return number, self.version[number], self.cache.stamp

    @rule(read=started)
    def end(self, read: tuple[int, int, int]) -> None:
        number, version, stamp = read
        entry = Opened((Subject(f"key:{number}"), Subject(f"version:{version}")))
        self.cache.keep(str(number).encode(), entry, stamp=stamp, boot=0.0)

    @rule(number=st.integers(0, 5))
    def change(self, number: int) -> None:
        self.version[number] += 1
        self.cache.drop([Subject(f"key:{number}")])

    @rule()
    def start_anew(self) -> None:
        self.cache.drop_all()

    @invariant()
    def nothing_old_is_found(self) -> None:
        for number, version in self.version.items():
            found = self.cache.find(str(number).encode(), 0.0)
            if found is not None:
                assert found.entry is not None
                assert found.entry.subjects[1] == f"version:{version}"

    @invariant()
    def it_is_bounded_and_its_index_too(self) -> None:
        assert len(self.cache) <= 3
        assert sum(map(len, self.cache._digests.values())) == 2 * len(self.cache)


TestReads = Reads.TestCase
TestReads.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
