"""Conditions as trees: flat, decided where they can be, and with witnesses for each way to be true."""

from collections import Counter

from cybervault.detection.tree import (
    FALSE,
    TRUE,
    Every,
    Kind,
    Leaf,
    Not,
    Predicate,
    Some,
    every,
    known,
    leaves,
    opposite,
    some,
    wanted_by,
    witnesses,
)

A, B, C = (Leaf(Predicate(name, Kind.EQUALS, "x")) for name in "abc")


def test_what_joins_one_is_that_one_and_what_joins_none_is_neutral() -> None:
    assert every([A]) == some([A]) == A
    assert every([]) == every([TRUE, TRUE]) == TRUE
    assert some([]) == some([FALSE]) == FALSE


def test_one_part_may_decide_the_whole() -> None:
    assert every([A, FALSE]) == FALSE
    assert some([A, TRUE]) == TRUE
    assert every([A, TRUE]) == some([A, FALSE]) == A


def test_what_is_joined_alike_becomes_flat_and_what_comes_twice_stands_once() -> None:
    assert every([A, every([B, A]), C]) == Every((A, B, C))
    assert some([A, some([B, A])]) == Some((A, B))
    assert every([A, some([B, C])]) == Every((A, Some((B, C))))


def test_the_opposite_of_an_opposite_is_the_thing_itself() -> None:
    assert opposite(opposite(A)) == A
    assert (opposite(TRUE), opposite(FALSE)) == (FALSE, TRUE)


def test_leaves_stand_from_left_to_right() -> None:
    tree = every([A, opposite(B), some([C, A])])
    assert [one.field for one in leaves(tree)] == ["a", "b", "c", "a"]


def test_what_is_known_leaves_only_the_rest() -> None:
    def value_of(predicate: Predicate) -> bool | None:
        return {"a": True, "b": False}.get(predicate.field)

    assert known(every([A, C]), value_of) == C
    assert known(every([B, C]), value_of) == FALSE
    assert known(some([B, C]), value_of) == C
    assert known(every([opposite(B), opposite(C)]), value_of) == Not(C)


def test_what_is_wanted_is_what_no_negation_turns_around() -> None:
    tree = every([A, opposite(some([B, opposite(C)]))])
    assert [one.field for one in wanted_by(tree)] == ["a", "c"]


def test_witnesses_are_those_that_the_fewest_share() -> None:
    popularity = Counter({A.predicate: 9, B.predicate: 2, C.predicate: 3})
    assert set(witnesses(A, popularity) or ()) == {A.predicate}
    assert set(witnesses(every([A, B]), popularity) or ()) == {B.predicate}
    assert set(witnesses(every([A, some([B, C])]), popularity) or ()) == {B.predicate, C.predicate}
    assert set(witnesses(every([A, opposite(B)]), popularity) or ()) == {A.predicate}


def test_what_may_be_true_with_nothing_has_no_witness() -> None:
    popularity: Counter[Predicate] = Counter()
    assert witnesses(opposite(A), popularity) is None
    assert witnesses(some([A, opposite(B)]), popularity) is None
    assert witnesses(TRUE, popularity) is None
