"""The master key, what is derived from it, and how a password wraps it.

Argon2id follows RFC 9106, section 4, second recommended option: 3 passes, 4 lanes, 64 MiB.
Derivation is BLAKE3's derive_key mode (BLAKE3 paper, section 2.3) with one context string for each purpose.
"""

from dataclasses import dataclass
from functools import lru_cache

import msgspec
from blake3 import blake3
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from resurge.vault.format.framing import KEY_MAGIC, NONCE_BYTES, SALT_BYTES, BadObject, take_magic

MASTER_KEY_BYTES = 32
KEY_BYTES = 32
CONTEXT_PREFIX = "resurge vault v1 "


class KdfParameters(msgspec.Struct, frozen=True, array_like=True):
    """Cost of guessing a password. The ceilings keep a forged key object from exhausting memory."""

    memory_kib: int = 65536
    passes: int = 3
    lanes: int = 4

    def within_limits(self) -> bool:
        return 8 * self.lanes <= self.memory_kib <= 1024 * 1024 and 1 <= self.passes <= 64 and 1 <= self.lanes <= 64


class _KeyRecord(msgspec.Struct, frozen=True):
    kdf: KdfParameters
    salt: bytes
    nonce: bytes
    wrapped: bytes


@dataclass(frozen=True, repr=False)
class MasterKey:
    """256 bits of chance; whoever has them can read everything. Never printed, never logged."""

    secret: bytes

    @lru_cache(maxsize=16)  # noqa: B019 (a process holds a handful of repositories)
    def purpose(self, name: str) -> bytes:
        return blake3(self.secret, derive_key_context=CONTEXT_PREFIX + name).digest()

    def salted(self, name: str, salt: bytes) -> bytes:
        """A key for one object: keyed BLAKE3 of its 256-bit random salt."""
        return blake3(salt, key=self.purpose(name)).digest()


def _wrapping_key(password: str, salt: bytes, kdf: KdfParameters) -> bytes:
    deriver = Argon2id(salt=salt, length=KEY_BYTES, iterations=kdf.passes, lanes=kdf.lanes, memory_cost=kdf.memory_kib)
    return deriver.derive(password.encode("utf-8", "surrogateescape"))


def _associated(repository_id: bytes, kdf: KdfParameters) -> bytes:
    return KEY_MAGIC + repository_id + msgspec.msgpack.encode(kdf)


def wrap_master_key(  # noqa: PLR0917
    master: MasterKey, password: str, repository_id: bytes, kdf: KdfParameters, salt: bytes, nonce: bytes
) -> bytes:
    """A key object. `salt` (32 bytes) and `nonce` (12 bytes) are fresh chance."""
    if not kdf.within_limits():
        raise ValueError(f"key derivation parameters out of limits: {kdf}")
    key = _wrapping_key(password, salt, kdf)
    wrapped = AESGCM(key).encrypt(nonce, master.secret, _associated(repository_id, kdf))
    return KEY_MAGIC + msgspec.msgpack.encode(_KeyRecord(kdf, salt, nonce, wrapped))


def unwrap_master_key(data: bytes, password: str, repository_id: bytes) -> MasterKey | None:
    """None: this password does not open this key object. BadObject: nobody's password would."""
    try:
        record = msgspec.msgpack.decode(take_magic(data, KEY_MAGIC, "a key object"), type=_KeyRecord)
    except msgspec.MsgspecError:
        raise BadObject("a key object cannot be read") from None
    if not record.kdf.within_limits() or len(record.salt) != SALT_BYTES or len(record.nonce) != NONCE_BYTES:
        raise BadObject("a key object holds values out of their limits")
    key = _wrapping_key(password, record.salt, record.kdf)
    try:
        secret = AESGCM(key).decrypt(record.nonce, record.wrapped, _associated(repository_id, record.kdf))
    except InvalidTag:
        return None
    return MasterKey(secret)
