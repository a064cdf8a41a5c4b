"""Check: is everything there that the snapshots need, and (with `read_data`) does every byte prove itself?"""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from resurge.vault.format.framing import IDENTIFIER_BYTES, PACK_MAGIC, BadObject, content_name, take_magic
from resurge.vault.format.pack import HEADER_BYTES, open_chunk, pack_key, read_entries
from resurge.vault.format.records import IndexedPack, decode_segment
from resurge.vault.progress import Progress, ProgressUpdate
from resurge.vault.repository.access import Access, read_whole
from resurge.vault.repository.index import ChunkIndex, Inventory
from resurge.vault.repository.layout import INDEX, KEYS, SNAPSHOTS, pack_name
from resurge.vault.repository.opening import read_config
from resurge.vault.repository.reading import ChunkReader
from resurge.vault.repository.snapshots import Shelf
from resurge.vault.repository.trees import segments
from resurge.vault.storage.store import ObjectMissing
from resurge.vault.verbs.contents import concatenated

NAMED_FILES = 5
READERS = 2


@dataclass(frozen=True, slots=True)
class CheckReport:
    """`problems` is empty when all is well."""

    problems: tuple[str, ...]
    snapshots: int
    packs: int
    chunks: int
    read_bytes: int


@dataclass
class _Harm:
    """What one bad object does to the snapshots."""

    files: dict[str, list[str]] = field(default_factory=dict)  # snapshot id → files

    def add(self, snapshot: str, name: str) -> None:
        names = self.files.setdefault(snapshot, [])
        if name not in names[-1:]:
            names.append(name)

    def __str__(self) -> str:
        return "; hurts " + "; ".join(f"snapshot {id_[:8]}: {_few(names)}" for id_, names in self.files.items())


Wound = tuple[bytes, str, str]  # the chunk at fault, what is wrong with it where that is known, the file it hurts


class Check:
    def __init__(self, access: Access, index: ChunkIndex, shelf: Shelf, progress: Progress) -> None:
        self._access = access
        self._index = index
        self._shelf = shelf
        self._progress = progress
        self._faults: dict[str, str] = {}  # object name → what is wrong with it
        self._harm: dict[str, _Harm] = {}
        self._bad_chunks: dict[bytes, str] = {}  # chunk id → the object at fault
        self._places: dict[bytes, str] = {}  # chunk id → its pack, whether that is there or not
        self._segments: dict[bytes, tuple[list[Wound], set[str]]] = {}
        self._read_bytes = 0

    def run(self, *, read_data: bool) -> CheckReport:
        # Snapshots are listed before anything else: whatever they need was written before them.
        ids = sorted(self._shelf.ids())
        found = self._index.refresh()
        self._check_keys()
        for id_, why in found.bad_indexes.items():
            self._faults[f"{INDEX}/{id_}"] = why
        self._check_packs(found)
        if read_data:
            self._read_packs(found)
        for id_ in ids:
            self._check_snapshot(id_, found)
        problems = [f"{name}: {why}{self._harm.get(name, '')}" for name, why in sorted(self._faults.items())]
        return CheckReport(tuple(problems), len(ids), len(found.present), len(self._places), self._read_bytes)

    def _check_keys(self) -> None:
        try:
            read_config(self._access.store)
        except Exception as problem:  # noqa: BLE001 (whatever is wrong with it is a finding)
            self._faults["config"] = str(problem)
        keys = list(self._access.store.list(KEYS))
        for each in keys:
            try:
                read_whole(self._access.store, each.name)
            except (BadObject, ObjectMissing) as problem:
                self._faults[each.name] = str(problem)
        if not keys:
            self._faults[KEYS] = "no key is left: once closed, this repository cannot be opened"

    def _check_packs(self, found: Inventory) -> None:
        for id_, pack in (found.adopted | found.indexed).items():
            name = pack_name(id_)
            size = found.present.get(id_)
            if size is None:
                self._faults[name] = "is missing"
            elif size != pack.stored_bytes:
                self._faults[name] = f"has {size} bytes, {pack.stored_bytes} were written"
            for entry in read_entries(pack.entries):
                # A chunk may lie in two packs; it is hurt only if no whole pack has it.
                if name not in self._faults:
                    self._places[entry.id] = name
                    self._bad_chunks.pop(entry.id, None)
                elif entry.id not in self._places:
                    self._places[entry.id] = self._bad_chunks[entry.id] = name
        for id_, why in found.bad_packs.items():
            self._faults[pack_name(id_)] = f"is in no index, and cannot be read: {why}"

    def _read_packs(self, found: Inventory) -> None:
        packs = found.adopted | found.indexed
        whole = [id_ for id_ in packs if pack_name(id_) not in self._faults]
        total = sum(found.present[id_] for id_ in whole)
        with ThreadPoolExecutor(READERS, thread_name_prefix="resurge-check") as pool:
            for at, (id_, why, bad) in enumerate(pool.map(lambda id_: self._read_pack(packs[id_]), whole), 1):
                name = pack_name(id_)
                self._read_bytes += found.present[id_]
                if why:
                    self._faults[name] = why
                    self._bad_chunks.update(dict.fromkeys(bad, name))
                self._progress(ProgressUpdate(self._read_bytes, total, at, len(whole), name))

    def _read_pack(self, pack: IndexedPack) -> tuple[str, str, list[bytes]]:
        """The pack's id, what is wrong with it, and which of its chunks cannot be had."""
        id_ = pack.id.hex()
        entries = read_entries(pack.entries)
        why = ""
        try:
            data = self._access.store.get(pack_name(id_))
            if content_name(data) != id_:
                why = "is damaged: its bytes are not those that were written"
            key = pack_key(self._access.master, take_magic(data[:HEADER_BYTES], PACK_MAGIC, "it"))
        except (BadObject, ObjectMissing) as problem:
            return id_, f"cannot be read: {problem}", [entry.id for entry in entries]
        bad = []
        for entry in entries:
            sealed = memoryview(data)[entry.offset : entry.offset + entry.stored_bytes]
            try:
                open_chunk(sealed, entry, key, self._access.repository_id, self._access.master)
            except BadObject as problem:
                bad.append(entry.id)
                why = why or str(problem)
        return id_, why, bad

    def _check_snapshot(self, id_: str, found: Inventory) -> None:
        name = f"{SNAPSHOTS}/{id_}"
        try:
            snapshot = self._shelf.load(id_)
            root = bytes.fromhex(snapshot.tree)
        except ObjectMissing:
            return  # forgotten by somebody since it was listed
        except BadObject as problem:
            self._faults[name] = str(problem)
            return
        reader = ChunkReader(self._access, self._index)
        try:
            parts = segments(reader, root)
        except BadObject as problem:
            self._blame(root, str(problem), snapshot.id, "its whole tree")
            return
        needed = {self._places.get(chunk, "") for chunk in (root, *parts)}
        for part in parts:
            for chunk, why, file in self._wounds(part, reader, needed):
                self._blame(chunk, why, snapshot.id, file)
        for pack in needed:
            if pack and pack.rpartition("/")[2] in found.adopted:
                self._faults.setdefault(pack, "is in no index object, though a snapshot needs it")

    def _wounds(self, part: bytes, reader: ChunkReader, needed: set[str]) -> list[Wound]:
        """What is wrong below one tree segment. Remembered: snapshots share most of theirs."""
        if part not in self._segments:
            wounds: list[Wound] = []
            packs: set[str] = set()
            try:
                for node in decode_segment(reader.read(part)):
                    for chunk in concatenated(node.chunks, IDENTIFIER_BYTES):
                        packs.add(self._places.get(chunk, ""))
                        if chunk in self._bad_chunks or chunk not in self._places:
                            wounds.append((chunk, "", os.fsdecode(node.name)))
            except BadObject as problem:
                wounds.append((part, str(problem), "part of its tree"))
            self._segments[part] = (wounds, packs)
        wounds, packs = self._segments[part]
        needed |= packs
        return wounds

    def _blame(self, chunk: bytes, why: str, snapshot: str, file: str) -> None:
        name = self._bad_chunks.get(chunk) or self._places.get(chunk) or f"chunk {chunk.hex()[:16]}"
        if name.startswith("chunk "):
            self._faults.setdefault(name, "is in no index and in no pack")
        else:
            self._faults.setdefault(name, why or "is damaged")
        self._harm.setdefault(name, _Harm()).add(snapshot, file)


def _few(names: list[str]) -> str:
    more = f" and {len(names) - NAMED_FILES} more" if len(names) > NAMED_FILES else ""
    return ", ".join(names[:NAMED_FILES]) + more
