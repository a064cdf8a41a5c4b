"""A pack: sealed chunks one after another, and at the end a sealed list of them.

magic | salt | chunk 0 | chunk 1 | … | footer | footer's length (u32) | end magic

Each pack has a key of its own, derived from its salt. Chunk n is sealed with nonce n, the footer with 2³²−1.
"""

import struct
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from resurge.vault.format.chunks import Kind, chunk_id, expand
from resurge.vault.format.framing import (
    IDENTIFIER_BYTES,
    MAGIC_BYTES,
    NONCE_BYTES,
    PACK_END_MAGIC,
    PACK_MAGIC,
    SALT_BYTES,
    TAG_BYTES,
    BadObject,
    take_magic,
)
from resurge.vault.format.keys import MasterKey

HEADER_BYTES = MAGIC_BYTES + SALT_BYTES
TAIL = struct.Struct(f">I{MAGIC_BYTES}s")
ENTRY = struct.Struct(f">{IDENTIFIER_BYTES}sIIBB")  # id, stored bytes, raw bytes, kind, encoding
FOOTER_POSITION = 2**32 - 1
_ASSOCIATED = struct.Struct(f">16sIIBB{IDENTIFIER_BYTES}s")


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one chunk lies in its pack, and what it is."""

    id: bytes
    position: int
    offset: int
    stored_bytes: int
    raw_bytes: int
    kind: int
    encoding: int


def pack_key(master: MasterKey, salt: bytes) -> AESGCM:
    return AESGCM(master.salted("pack", salt))


def _associated(  # noqa: PLR0917
    repository_id: bytes, position: int, raw_bytes: int, kind: int, encoding: int, id_: bytes
) -> bytes:
    return _ASSOCIATED.pack(repository_id, position, raw_bytes, kind, encoding, id_)


class PackBuilder:
    """A pack in the making, in memory."""

    def __init__(self, repository_id: bytes, master: MasterKey, salt: bytes) -> None:
        self._repository_id = repository_id
        self._key = pack_key(master, salt)
        self._data = bytearray(PACK_MAGIC + salt)
        self._entries = bytearray()
        self.count = 0

    @property
    def stored_bytes(self) -> int:
        return len(self._data)

    def add(self, id_: bytes, kind: int, encoding: int, body: bytes, raw_bytes: int) -> None:
        associated = _associated(self._repository_id, self.count, raw_bytes, kind, encoding, id_)
        sealed = self._key.encrypt(self.count.to_bytes(NONCE_BYTES, "big"), body, associated)
        self._data += sealed
        self._entries += ENTRY.pack(id_, len(sealed), raw_bytes, kind, encoding)
        self.count += 1

    def finish(self) -> tuple[bytearray, bytes]:
        """The whole pack, and its list of entries as the index keeps it."""
        entries = bytes(self._entries)
        associated = _associated(self._repository_id, FOOTER_POSITION, len(entries), 0, 0, bytes(IDENTIFIER_BYTES))
        footer = self._key.encrypt(FOOTER_POSITION.to_bytes(NONCE_BYTES, "big"), entries, associated)
        self._data += footer
        self._data += TAIL.pack(len(footer), PACK_END_MAGIC)
        return self._data, entries


def read_entries(entries: bytes) -> list[Entry]:
    if len(entries) % ENTRY.size:
        raise BadObject("a list of chunks has been cut short")
    found = []
    offset = HEADER_BYTES
    for position, (id_, stored, raw, kind, encoding) in enumerate(ENTRY.iter_unpack(entries)):
        found.append(Entry(id_, position, offset, stored, raw, kind, encoding))
        offset += stored
    return found


def footer_span(tail: bytes, pack_bytes: int) -> tuple[int, int]:
    """Offset and length of the footer, from the pack's last TAIL.size bytes."""
    if len(tail) != TAIL.size:
        raise BadObject("a pack is too short")
    length, magic = TAIL.unpack(tail)
    offset = pack_bytes - TAIL.size - length
    if magic != PACK_END_MAGIC or offset < HEADER_BYTES or length < TAG_BYTES:
        raise BadObject("a pack does not end as one does")
    return offset, length


def open_footer(header: bytes, footer: bytes, repository_id: bytes, master: MasterKey) -> bytes:
    """The pack's list of entries."""
    salt = take_magic(header, PACK_MAGIC, "a pack")
    associated = _associated(repository_id, FOOTER_POSITION, len(footer) - TAG_BYTES, 0, 0, bytes(IDENTIFIER_BYTES))
    try:
        return pack_key(master, salt).decrypt(FOOTER_POSITION.to_bytes(NONCE_BYTES, "big"), footer, associated)
    except InvalidTag:
        raise BadObject("a pack's footer fails its authentication") from None


def open_chunk(sealed: bytes | memoryview, entry: Entry, key: AESGCM, repository_id: bytes, master: MasterKey) -> bytes:
    """The plaintext, its authenticity and its id both verified."""
    associated = _associated(repository_id, entry.position, entry.raw_bytes, entry.kind, entry.encoding, entry.id)
    try:
        body = key.decrypt(entry.position.to_bytes(NONCE_BYTES, "big"), sealed, associated)
    except InvalidTag:
        raise BadObject(f"chunk {entry.id.hex()[:16]} fails its authentication") from None
    data = expand(body, entry.encoding, entry.raw_bytes)
    if len(data) != entry.raw_bytes or chunk_id(data, Kind(entry.kind), master) != entry.id:
        raise BadObject(f"chunk {entry.id.hex()[:16]} is not what its name says")
    return data
