"""Inventories are small where they are kept."""

import msgspec

from cybervault.scans.contents import Package
from cybervault.scans.inventory import Item, packed, unpacked
from tests.scans.made import INVENTORY


def test_what_is_packed_comes_back_and_is_a_small_part_of_what_it_was() -> None:
    assert unpacked(packed(INVENTORY)) == INVENTORY
    items = tuple(Item("deb", Package(f"lib{n}", "1"), ("var/lib/dpkg/status",)) for n in range(1_000))
    many = msgspec.structs.replace(INVENTORY, items=items)
    assert len(packed(many)) * 5 < len(msgspec.msgpack.encode(many))
