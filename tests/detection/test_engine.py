"""The engine: it says what the oracle says, whatever it remembers, and is honest where not all is known."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.detection import engine as module
from cybervault.detection.compile.hyperscanning import hyperscanning
from cybervault.detection.compile.scanners import literals
from cybervault.detection.engine import Engine, Outcome
from cybervault.detection.memo import USUAL, Limits
from cybervault.detection.record import LogSource, Record, Value
from cybervault.detection.rule import Rule
from tests.detection.naive import fires
from tests.detection.sigma import PROCESSES, parsed, record, rule, selecting

CALLBACK = rule(
    {
        "selection": {"Initiated": "true", "DestinationPort": [4444, 1337]},
        "local": {"DestinationIp|cidr": "10.0.0.0/8"},
        "system": {"Image|contains": ":\\Windows\\System32\\"},
        "condition": "selection and not local and not system",
    },
    logsource={"product": "windows", "category": "network_connection"},
)
CONNECTIONS = LogSource("windows", frozenset({"network_connection"}))


def matches(rules: list[Rule], event: Record) -> list[tuple[str, bool]]:
    return [(one.rule.id, one.is_certain) for one in Engine(rules).outcome(event).matches]


def connection(**fields: Value) -> Record:
    known: dict[str, Value] = {"Initiated": "true", "DestinationPort": "4444", "DestinationIp": "198.51.100.42"}
    return Record(CONNECTIONS, known | fields, bare=frozenset({"Image"}), is_excerpt=True)


class TestWhatIsNotKnown:
    def test_all_known_is_certain(self) -> None:
        event = connection(Image="C:\\Temp\\x.exe")
        assert matches([CALLBACK], Record(CONNECTIONS, event.fields)) == [(CALLBACK.id, True)]
        system = Record(CONNECTIONS, {**event.fields, "Image": "C:\\Windows\\System32\\svchost.exe"})
        assert matches([CALLBACK], system) == []

    def test_what_would_exclude_and_is_not_known_leaves_a_match_that_is_not_certain(self) -> None:
        assert matches([CALLBACK], connection(Image="svchost.exe")) == [(CALLBACK.id, False)]
        assert matches([CALLBACK], connection()) == [(CALLBACK.id, False)]

    def test_what_excludes_for_certain_excludes(self) -> None:
        assert matches([CALLBACK], connection(Image="svchost.exe", DestinationIp="10.1.2.3")) == []

    def test_what_is_wanted_and_not_known_does_not_match_and_is_counted(self) -> None:
        event = Record(CONNECTIONS, {"DestinationPort": "4444"}, is_excerpt=True)
        assert Engine([CALLBACK]).outcome(event) == Outcome((), undecided=1, rules=1)

    @pytest.mark.parametrize(
        ("detection", "undecided"),
        [
            ({"a": {"Image|contains": "\\Temp\\"}, "condition": "a"}, 1),
            ({"a": {"Image|contains": "\\"}, "condition": "not a"}, 0),
            (
                {"a": {"Image|endswith": "\\svchost.exe"}, "b": {"Image|contains": "32"}, "condition": "a and not b"},
                1,
            ),
        ],
    )
    def test_a_bare_name_fires_no_rule_on_folders(self, detection: dict[str, object], undecided: int) -> None:
        """As "a process that starts from nowhere", or "a program of Windows that lies elsewhere"."""
        event = Record(PROCESSES, {"Image": "svchost.exe"}, bare=frozenset({"Image"}), is_excerpt=True)
        assert Engine([rule(detection)]).outcome(event) == Outcome((), undecided, rules=1)

    def test_a_bare_name_is_evidence_where_the_folder_plays_no_part(self) -> None:
        event = Record(PROCESSES, {"Image": "svchost.exe"}, bare=frozenset({"Image"}), is_excerpt=True)
        assert matches([rule(selecting(Image__endswith="\\svchost.exe"))], event)


class TestTraps:
    def test_lists_mean_any_of(self) -> None:
        assert matches([rule(selecting(Hashes__contains="abc"))], record(Hashes=("x", "ABC")))

    def test_null_is_absence_and_an_empty_text_is_a_value(self) -> None:
        null, empty = rule(selecting(F=None, Image="a")), rule(selecting(F="", Image="a"))
        assert matches([null], record(Image="a"))
        assert matches([null], record(Image="a", F=None))
        assert not matches([null], record(Image="a", F=""))
        assert matches([empty], record(Image="a", F=""))
        assert not matches([empty], record(Image="a"))

    def test_booleans_compare_as_words(self) -> None:
        assert matches([rule(selecting(Initiated=True))], record(Initiated="True"))

    def test_an_event_of_no_known_source_matches_nothing(self) -> None:
        every = rule(selecting(Image="a"), logsource={"category": "file_access"})
        assert Engine([every]).outcome(Record(LogSource(), {"Image": "a"})) == Outcome()
        assert Engine([every]).outcome(record(Image="a")) == Outcome()

    def test_words_are_found_in_any_field(self) -> None:
        words = rule({"words": ["mimi", "ka*tz"], "condition": "all of words*"})
        assert matches([words], record(A="xMIMIx", B=("1", "katz")))
        assert not matches([words], record(A="kat"))

    def test_fields_that_name_each_other(self) -> None:
        same = rule(selecting(Image__fieldref="ParentImage"))
        engine = Engine([same])
        assert engine.outcome(record(Image="a", ParentImage="A")).matches
        assert not engine.outcome(record(Image="a", ParentImage="b")).matches

    def test_event_ids_that_are_lists_belong_to_no_event_id(self) -> None:
        assert not matches([rule(selecting(EventID=1, Image="a"))], record(EventID=("2", "3"), Image="a"))


class TestMemory:
    def test_partitions_that_strangers_make_up_are_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "PARTITIONS_MAX", 3)
        engine = Engine([rule(selecting(Image="a"))])
        for number in range(10):
            product = LogSource(str(number), frozenset({"process_creation"}))
            engine.outcome(Record(product, {"Image": "a"}))
            assert len(engine._matchers) <= 3

    def test_event_ids_that_no_rule_names_are_alike(self) -> None:
        engine = Engine([rule(selecting(EventID="aB", Image="a"))])
        assert engine.outcome(record(EventID="Ab", Image="a")).matches
        for number in range(10):
            assert not engine.outcome(record(EventID=str(number), Image="a")).matches
        assert len(engine._matchers) == 2

    def test_what_is_needed_can_be_built_ahead(self) -> None:
        engine = Engine([rule(selecting(Image="a"))])
        engine.warm([(PROCESSES, "1"), (PROCESSES, None)])
        assert len(engine._matchers) == 2

    def test_tiny_memories_change_no_answer(self) -> None:
        rules = [rule(selecting(Image__contains=[f"{number}" for number in range(10)], CommandLine__contains="x"))]
        tiny, none, usual = (
            Engine(rules, limits=Limits(2, 8)),
            Engine(rules, limits=Limits(remembers=False)),
            Engine(rules),
        )
        for number in range(200):
            event = record(Image=f"i{number % 17}", CommandLine=f"{'x' * (number % 3)}{number % 5}")
            assert tiny.outcome(event) == none.outcome(event) == usual.outcome(event)


VALUES = st.one_of(
    st.none(),
    st.text(st.sampled_from("aAbB.\\*é "), max_size=5),
    st.lists(st.text(st.sampled_from("aAbB."), max_size=4), max_size=2).map(tuple),
    st.sampled_from(["10.1.2.3", "7", "true", "a.b", "C:\\a\\b.exe"]),
)
EVENTS = st.dictionaries(st.sampled_from("FGH"), VALUES)
PATTERNS: st.SearchStrategy[Any] = st.text(st.sampled_from("aAbB.*?\\é"), max_size=4)


def _named(field: str, modifiers: str) -> str:
    return f"{field}|{modifiers}" if modifiers else field


ITEMS = st.one_of(
    st.tuples(
        st.builds(
            _named,
            st.sampled_from("FGH"),
            st.sampled_from(
                [
                    "",
                    "contains",
                    "startswith",
                    "endswith",
                    "contains|all",
                    "contains|cased",
                    "cased",
                    "windash|contains",
                ]
            ),
        ),
        st.lists(PATTERNS, min_size=1, max_size=3),
    ),
    st.tuples(st.builds(_named, st.sampled_from("FGH"), st.just("neq")), PATTERNS),
    st.tuples(st.sampled_from("FGH"), st.sampled_from([None, "", "*", 7, True])),
    st.tuples(st.sampled_from(["F|exists", "G|exists"]), st.booleans()),
    st.tuples(st.sampled_from(["F|re", "G|re|i", "H|re"]), st.sampled_from(["a.?b", "^a", "[^a]b", "é|x"])),
    st.tuples(st.sampled_from(["F|cidr"]), st.sampled_from(["10.0.0.0/8", "10.1.2.3/32"])),
    st.tuples(st.sampled_from(["F|gt", "G|lte"]), st.sampled_from([6, 7, 8])),
    st.tuples(st.sampled_from(["F|fieldref", "F|fieldref|endswith", "G|fieldref|startswith"]), st.just("H")),
)
SELECTIONS = st.one_of(
    st.lists(ITEMS, min_size=1, max_size=3).map(dict),
    st.lists(st.text(st.sampled_from("aAb.*"), min_size=1, max_size=3), min_size=1, max_size=2),
)
CONDITIONS = st.sampled_from(
    ["a", "not a", "a and b", "a or not b", "a and not (b or c)", "1 of *", "all of *", "not 1 of a*", "not (a and b)"]
)


@st.composite
def detections(draw: st.DrawFn) -> Mapping[str, object]:
    return {name: draw(SELECTIONS) for name in "abc"} | {"condition": draw(CONDITIONS)}


@given(detections(), st.lists(EVENTS, min_size=1, max_size=5))
def test_the_engine_says_what_the_oracle_says(detection: Mapping[str, object], events: list[dict[str, Value]]) -> None:
    text = parsed(detection)
    try:
        made = rule(detection)
    except AssertionError:
        return  # the same for every event, which is refused at load
    engines = [
        Engine([made], finding=hyperscanning),
        Engine([made], finding=literals),
        Engine([made], finding=literals, limits=Limits(remembers=False)),
    ]
    for fields in [*events, *events]:
        expected = fires(text, fields)
        for engine in engines:
            assert bool(engine.outcome(Record(PROCESSES, fields)).matches) is expected, (fields, detection)


@given(detections(), st.lists(EVENTS, min_size=1, max_size=4), st.booleans(), st.sets(st.sampled_from("FG")))
def test_what_is_not_known_is_the_same_to_every_engine(
    detection: Mapping[str, object],
    events: list[dict[str, Value]],
    is_excerpt: bool,  # noqa: FBT001 - hypothesis gives them by place
    bare: set[str],
) -> None:
    try:
        made = rule(detection)
    except AssertionError:
        return  # as above
    ways = [(how, what) for how in (hyperscanning, literals) for what in (USUAL, Limits(2, 8), Limits(remembers=False))]
    engines = [Engine([made], finding=how, limits=what) for how, what in ways]
    for fields in [*events, *events]:
        event = Record(PROCESSES, fields, bare=frozenset(bare & fields.keys()), is_excerpt=is_excerpt)
        first, *others = [engine.outcome(event) for engine in engines]
        assert others == [first] * len(others), (fields, detection)


def test_a_twin_says_the_same_and_shares_no_memory() -> None:
    first = Engine([CALLBACK])
    event = connection(Image="svchost.exe")
    found = first.outcome(event)
    twin = first.twin()
    assert twin.rules == first.rules
    assert twin._matchers == {}
    assert twin.outcome(event) == found


class Kept(dict[str, bytes]):
    """A `Keeper` of the memory."""

    def put(self, name: str, raw: bytes) -> None:
        self[name] = raw


def test_what_was_compiled_is_taken_from_where_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    kept, made, event = Kept(), rule(selecting(EventID=1, Image="a")), record(EventID="1", Image="a")
    assert Engine([made], keeper=kept).outcome(event).matches
    with monkeypatch.context() as patched:
        patched.setattr(module, "partition_of", None)
        again = Engine([made], keeper=kept)
        assert again.outcome(event).matches
        assert again.twin().digest == again.digest
    for name in kept:
        kept[name] = b"broken"
    assert Engine([made], keeper=kept).outcome(event).matches
    assert b"broken" not in kept.values()
