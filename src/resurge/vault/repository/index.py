"""Which chunk lies where: what index objects say, and the footers of packs that no index object lists yet.

A chunk counts as present only while its pack is in the store with the right size, so that what was lost is
stored again by the next backup that meets it.
"""

import threading
from dataclasses import dataclass, field

from resurge.vault.format.framing import INDEX_MAGIC, BadObject
from resurge.vault.format.pack import HEADER_BYTES, TAIL, Entry, footer_span, open_footer, read_entries
from resurge.vault.format.records import IndexedPack, decode_index, encode_index
from resurge.vault.repository.access import Access
from resurge.vault.repository.layout import INDEX, PACKS, identifier, pack_name
from resurge.vault.storage.store import ObjectMissing

Location = tuple[str, Entry]  # the pack's id, and where in it


@dataclass
class Inventory:
    """What was found when the index was last read."""

    indexed: dict[str, IndexedPack] = field(default_factory=dict)  # by pack id, whether the pack is there or not
    adopted: dict[str, IndexedPack] = field(default_factory=dict)  # read from footers, in no index object yet
    present: dict[str, int] = field(default_factory=dict)  # pack id → its size in the store
    bad_indexes: dict[str, str] = field(default_factory=dict)  # object id → what is wrong
    bad_packs: dict[str, str] = field(default_factory=dict)  # in no index object, and without a readable footer


class ChunkIndex:
    """Safe for many threads; every reader sees chunks whose packs are durable."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = threading.RLock()
        self._objects: dict[str, list[IndexedPack]] = {}
        self._adopted: dict[str, IndexedPack] = {}
        self._bad_packs: dict[str, str] = {}
        self._entries: dict[bytes, Location] = {}
        self._live: dict[str, IndexedPack] = {}
        self.inventory = Inventory()

    def __contains__(self, id_: bytes) -> bool:
        return id_ in self._entries

    def find(self, id_: bytes) -> Location | None:
        return self._entries.get(id_)

    def refresh(self) -> Inventory:
        """See what others wrote, and what vanished. Index first: whatever pack it names was put before it."""
        with self._lock:
            names = {identifier(found.name) for found in self._access.store.list(INDEX)}
            found = Inventory()
            found.present = {identifier(each.name): each.size_bytes for each in self._access.store.list(PACKS)}
            self._objects = {id_: packs for id_, packs in self._objects.items() if id_ in names}
            for id_ in names - self._objects.keys():
                self._load(id_, found)
            for packs in self._objects.values():
                found.indexed.update((pack.id.hex(), pack) for pack in packs)
            self._adopt(found)
            self._rebuild(found)
            self.inventory = found
            return found

    def _load(self, id_: str, found: Inventory) -> None:
        try:
            self._objects[id_] = decode_index(self._access.read_sealed(INDEX, INDEX_MAGIC, id_))
        except (BadObject, ObjectMissing) as problem:
            found.bad_indexes[id_] = str(problem)

    def _adopt(self, found: Inventory) -> None:
        """A writer that was killed leaves whole packs behind; a live one has packs it has not listed yet."""
        for id_ in found.present.keys() - found.indexed.keys():
            if id_ not in self._adopted and id_ not in self._bad_packs:
                try:
                    self._adopted[id_] = read_footer(self._access, id_, found.present[id_])
                except (BadObject, ObjectMissing) as problem:
                    self._bad_packs[id_] = str(problem)
        self._adopted = {
            id_: pack for id_, pack in self._adopted.items() if id_ in found.present and id_ not in found.indexed
        }
        self._bad_packs = {id_: why for id_, why in self._bad_packs.items() if id_ in found.present}
        found.adopted, found.bad_packs = dict(self._adopted), dict(self._bad_packs)

    def _rebuild(self, found: Inventory) -> None:
        live = {
            id_: pack
            for id_, pack in (found.indexed | found.adopted).items()
            if found.present.get(id_) == pack.stored_bytes
        }
        if live.keys() >= self._live.keys():
            entries, fresh = self._entries, set(live.keys() - self._live.keys())
        else:
            entries, fresh = {}, set(live)
        for id_ in fresh:
            entries.update((entry.id, (id_, entry)) for entry in read_entries(live[id_].entries))
        self._entries, self._live = entries, live

    def add(self, pack: IndexedPack) -> None:
        """A pack that is durable in the store. It is in no index object until `write` has returned."""
        id_ = pack.id.hex()
        with self._lock:
            self._adopted[id_] = pack
            self._live[id_] = pack
            for entry in read_entries(pack.entries):
                self._entries.setdefault(entry.id, (id_, entry))

    def write(self) -> int:
        """List every pack that no index object lists yet, whoever wrote it. Bytes written."""
        with self._lock:
            packs = [self._adopted[id_] for id_ in sorted(self._adopted) if id_ in self._live]
        if not packs:
            return 0
        id_, size_bytes = self._access.write_sealed(INDEX, INDEX_MAGIC, encode_index(packs))
        with self._lock:
            self._objects[id_] = packs
            for pack in packs:
                self._adopted.pop(pack.id.hex(), None)
        return size_bytes


def read_footer(access: Access, id_: str, pack_bytes: int) -> IndexedPack:
    name = pack_name(id_)
    if pack_bytes < HEADER_BYTES + TAIL.size:
        raise BadObject(f"{name} is too short: {pack_bytes} bytes")
    tail = access.store.get(name, pack_bytes - TAIL.size, TAIL.size)
    offset, length = footer_span(tail, pack_bytes)
    header = access.store.get(name, 0, HEADER_BYTES)
    entries = open_footer(header, access.store.get(name, offset, length), access.repository_id, access.master)
    return IndexedPack(bytes.fromhex(id_), pack_bytes, entries)
