"""Chunks out of packs, each verified. Neighbours in a pack are fetched together."""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from resurge.vault.format.framing import PACK_MAGIC, BadObject, take_magic
from resurge.vault.format.pack import HEADER_BYTES, Entry, open_chunk, pack_key
from resurge.vault.repository.access import Access
from resurge.vault.repository.index import ChunkIndex
from resurge.vault.repository.layout import pack_name
from resurge.vault.storage.store import ObjectMissing

WINDOW_BYTES = 1024 * 1024
WINDOWS_KEPT = 16
CHUNKS_AHEAD = 4
READERS = 2


def read_ahead(reader: "ChunkReader", ids: Sequence[bytes], pool: ThreadPoolExecutor) -> Iterator[bytes]:
    """The chunks in order, a few of them decrypted and verified ahead of the one that is asked for."""
    if len(ids) <= 1:
        yield from map(reader.read, ids)
        return
    coming: deque[Future[bytes]] = deque()
    for id_ in ids:
        coming.append(pool.submit(reader.read, id_))
        if len(coming) > CHUNKS_AHEAD:
            yield coming.popleft().result()
    while coming:
        yield coming.popleft().result()


class ChunkReader:
    """Safe for many threads. Memory: WINDOWS_KEPT windows, and what callers hold."""

    def __init__(self, access: Access, index: ChunkIndex) -> None:
        self._access = access
        self._index = index
        self._keys: dict[str, AESGCM] = {}
        self._windows: OrderedDict[tuple[str, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, id_: bytes) -> bytes:
        """Raises BadObject, naming the pack, whether the chunk is missing or damaged."""
        found = self._index.find(id_)
        if found is None:
            raise BadObject(f"chunk {id_.hex()[:16]} is in no pack that is whole")
        pack, entry = found
        try:
            sealed = self._fetch(pack, entry)
            return open_chunk(sealed, entry, self._key(pack), self._access.repository_id, self._access.master)
        except (BadObject, ObjectMissing) as problem:
            raise BadObject(f"{pack_name(pack)}: {problem}") from None

    def _key(self, pack: str) -> AESGCM:
        key = self._keys.get(pack)
        if key is None:
            header = self._access.store.get(pack_name(pack), 0, HEADER_BYTES)
            key = self._keys[pack] = pack_key(self._access.master, take_magic(header, PACK_MAGIC, "a pack"))
        return key

    def _fetch(self, pack: str, entry: Entry) -> bytes | memoryview:
        start, end = entry.offset, entry.offset + entry.stored_bytes
        if entry.stored_bytes >= WINDOW_BYTES // 2:
            return self._access.store.get(pack_name(pack), start, entry.stored_bytes)
        window = start // WINDOW_BYTES
        base = window * WINDOW_BYTES
        # A window reaches half a window further, so that a chunk that begins in it ends in it.
        data = self._window(pack, window, base)
        return memoryview(data)[start - base : end - base]

    def _window(self, pack: str, window: int, base: int) -> bytes:
        with self._lock:
            data = self._windows.get((pack, window))
            if data is not None:
                self._windows.move_to_end((pack, window))
                return data
        data = self._access.store.get(pack_name(pack), base, WINDOW_BYTES + WINDOW_BYTES // 2)
        with self._lock:
            self._windows[(pack, window)] = data
            while len(self._windows) > WINDOWS_KEPT:
                self._windows.popitem(last=False)
        return data
