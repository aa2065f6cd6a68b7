"""Merkle trees as transparency logs hash them (RFC 6962, section 2.1): one root for all rows, a short path for one."""

import hashlib
from collections.abc import Iterable, Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()


def node_of(left: bytes, right: bytes) -> bytes:
    """The hash above two others."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree that grows at its end and remembers only what its next root needs: one hash for each bit of its size."""

    def __init__(self, leaves: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._peaks: list[bytes] = []  # of the complete trees that the size is the sum of, largest first
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: bytes) -> None:
        """Add the hash of one more leaf."""
        complete, size = leaf, self.size
        while size & 1:
            complete = node_of(self._peaks.pop(), complete)
            size >>= 1
        self._peaks.append(complete)
        self.size += 1

    @property
    def root(self) -> bytes:
        """What stands for all leaves so far."""
        if not self._peaks:
            return EMPTY_ROOT
        *others, root = self._peaks
        for peak in reversed(others):
            root = node_of(peak, root)
        return root


def branches(index: int, size: int) -> tuple[tuple[int, int], ...]:
    """Which leaves, from and before, each hash of a leaf's path stands for; from the leaf up. Counted from 0.

    Together they are all leaves but the one at `index`.
    """
    found: list[tuple[int, int]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return tuple(reversed(found))


class Path:
    """Finds the hashes that lead from the leaf at `index` to the root; the leaves are added in order and not kept."""

    def __init__(self, index: int, size: int) -> None:
        self._index = index
        self._seen = 0
        self._trees = {first: Tree() for first, _ in branches(index, size)}
        self._current = Tree()

    def add(self, leaf: bytes) -> None:
        """Add the hash of the next leaf."""
        self._current = self._trees.get(self._seen, self._current)
        if self._seen != self._index:
            self._current.add(leaf)
        self._seen += 1

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """From the leaf up, once all leaves were added."""
        return tuple(tree.root for tree in self._trees.values())


def leads_to(root: bytes, leaf: bytes, path: Sequence[bytes], *, index: int, size: int) -> bool:
    """Whether a path proves that the leaf stands at `index` of the tree of that size and root."""
    if not 0 <= index < size or len(path) != len(branches(index, size)):
        return False
    found = leaf
    for (first, _), other in zip(branches(index, size), path, strict=True):
        found = node_of(other, found) if first < index else node_of(found, other)
    return found == root
