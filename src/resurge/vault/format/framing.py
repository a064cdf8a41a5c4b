"""What every object begins with, how it is named, and how structured objects are sealed.

A structured object is: magic (8 bytes), salt (32 bytes), AES-256-GCM of its payload. Its key is derived from
the salt, used once, with nonce 0. The associated data binds the magic and the repository.
"""

from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from resurge.core.errors import RepositoryDamaged

FORMAT_VERSION = 1
MAGIC_BYTES = 8
SALT_BYTES = 32
TAG_BYTES = 16
NONCE_BYTES = 12
IDENTIFIER_BYTES = 32
REPOSITORY_ID_BYTES = 16

CONFIG_MAGIC = b"RSGCONF\x01"
KEY_MAGIC = b"RSGKEYS\x01"
PACK_MAGIC = b"RSGPACK\x01"
PACK_END_MAGIC = b"RSGPEND\x01"
INDEX_MAGIC = b"RSGINDX\x01"
SNAPSHOT_MAGIC = b"RSGSNAP\x01"

_ADVICE = "Run `resurge check` to see what is hurt, and repair it from a copy of the repository."


class BadObject(RepositoryDamaged):
    """Stored bytes that are not what was written: cut short, changed, swapped, or of an unknown version."""

    def __init__(self, happened: str, advice: str = _ADVICE) -> None:
        super().__init__(happened, advice)


def content_name(data: bytes | bytearray | memoryview) -> str:
    """The hexadecimal BLAKE3 hash of stored bytes: the name of every object but `config`."""
    return blake3(data).hexdigest()


def take_magic(data: bytes, magic: bytes, what: str) -> bytes:
    """What follows the magic. Says it apart when only the version, its last byte, is another."""
    found = data[:MAGIC_BYTES]
    if found == magic:
        return data[MAGIC_BYTES:]
    if found[:-1] == magic[:-1]:
        raise BadObject(f"{what} has format version {found[-1]}, this program knows {magic[-1]}", "Update Resurge.")
    raise BadObject(f"{what} does not begin as one does")


def seal_object(magic: bytes, repository_id: bytes, salt: bytes, key: bytes, payload: bytes) -> bytes:
    """`key` must come from `salt` and be used for nothing else."""
    return magic + salt + AESGCM(key).encrypt(bytes(NONCE_BYTES), payload, magic + repository_id)


def object_salt(data: bytes, magic: bytes, what: str) -> bytes:
    rest = take_magic(data, magic, what)
    if len(rest) < SALT_BYTES + TAG_BYTES:
        raise BadObject(f"{what} is too short: {len(data)} bytes")
    return rest[:SALT_BYTES]


def open_object(data: bytes, magic: bytes, repository_id: bytes, key: bytes, what: str) -> bytes:
    try:
        return AESGCM(key).decrypt(bytes(NONCE_BYTES), data[MAGIC_BYTES + SALT_BYTES :], magic + repository_id)
    except InvalidTag:
        raise BadObject(f"{what} fails its authentication: it was changed after it was written") from None
