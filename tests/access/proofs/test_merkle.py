"""Merkle trees, against the definition read word by word and the vectors that transparency logs publish."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cybervault.access.proofs.merkle import EMPTY_ROOT, Path, Tree, branches, leads_to, node_of

# The well-known eight inputs of RFC 6962's own tests and the roots of their first n.
INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaf(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def path_of(index: int, size: int, leaves: list[bytes]) -> tuple[bytes, ...]:
    path = Path(index, size)
    for one in leaves:
        path.add(one)
    return path.hashes


def by_definition(leaves: list[bytes]) -> bytes:
    """The root as the RFC defines it: split at the largest power of two below the size."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256().digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_of(by_definition(leaves[:split]), by_definition(leaves[split:]))


@pytest.mark.parametrize(("size", "root"), list(enumerate(ROOTS, start=1)))
def test_the_published_roots_come_out(size: int, root: str) -> None:
    assert Tree(map(leaf, INPUTS[:size])).root.hex() == root


def test_a_tree_of_nothing_has_the_hash_of_nothing() -> None:
    assert Tree().root == EMPTY_ROOT == by_definition([])


@given(st.integers(1, 70))
def test_a_growing_tree_has_the_root_of_the_definition_at_every_size(size: int) -> None:
    leaves = [leaf(bytes([number])) for number in range(size)]
    tree = Tree()
    for number, one in enumerate(leaves, start=1):
        tree.add(one)
        assert (tree.size, tree.root) == (number, by_definition(leaves[:number]))


def test_the_branches_of_a_leaf_are_all_others_and_each_once() -> None:
    for size in range(1, 40):
        for index in range(size):
            covered = [number for first, end in branches(index, size) for number in range(first, end)]
            assert sorted([*covered, index]) == list(range(size))


def test_the_path_of_every_leaf_leads_to_the_root_and_of_no_other_leaf_or_place() -> None:
    for size in range(1, 24):
        leaves = [leaf(bytes([number])) for number in range(size)]
        root = Tree(leaves).root
        for index in range(size):
            path = path_of(index, size, leaves)
            assert leads_to(root, leaves[index], path, index=index, size=size)
            assert not leads_to(root, leaf(b"other"), path, index=index, size=size)
            for wrong in set(range(size)) - {index}:
                assert not leads_to(root, leaves[index], path, index=wrong, size=size)


def test_a_path_is_a_logarithm_of_the_size() -> None:
    assert len(branches(123_456, 1_000_000)) <= 20


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0), (2, 8)])
def test_a_path_of_another_length_or_place_proves_nothing(index: int, size: int) -> None:
    leaves = [leaf(bytes([number])) for number in range(4)]
    path = path_of(2, 4, leaves)
    assert not leads_to(Tree(leaves).root, leaves[2], path, index=index, size=size)
