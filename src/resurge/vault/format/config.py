"""`config`: which repository this is and how it cuts. A mirror verifies it without a password.

magic | msgpack map | keyed BLAKE3 of both (authentic) | BLAKE3 of all that (whole)
"""

import hmac

import msgspec
from blake3 import blake3

from resurge.vault.format.framing import (
    CONFIG_MAGIC,
    FORMAT_VERSION,
    REPOSITORY_ID_BYTES,
    BadObject,
    take_magic,
)
from resurge.vault.format.keys import MasterKey

CHECKSUM_BYTES = 32
CHUNK_MIN_BYTES = 256 * 1024
CHUNK_AVERAGE_BYTES = 1024 * 1024
CHUNK_MAX_BYTES = 4 * 1024 * 1024
PACK_TARGET_BYTES = 16 * 1024 * 1024


class Config(msgspec.Struct, frozen=True):
    repository_id: bytes
    version: int = FORMAT_VERSION
    chunk_min_bytes: int = CHUNK_MIN_BYTES
    chunk_average_bytes: int = CHUNK_AVERAGE_BYTES
    chunk_max_bytes: int = CHUNK_MAX_BYTES
    pack_target_bytes: int = PACK_TARGET_BYTES


def encode_config(config: Config, master: MasterKey) -> bytes:
    body = CONFIG_MAGIC + msgspec.msgpack.encode(config)
    seal = blake3(body, key=master.purpose("config")).digest()
    return body + seal + blake3(body + seal).digest()


def decode_config(data: bytes) -> Config:
    """Verifies the checksum. Whether it is genuine, `config_is_genuine` says once the key is known."""
    if len(data) < 2 * CHECKSUM_BYTES or blake3(data[:-CHECKSUM_BYTES]).digest() != data[-CHECKSUM_BYTES:]:
        raise BadObject(
            "the repository's config is damaged",
            "Copy the file `config` back from a copy of this repository (`resurge recover`, or a mirror).",
        )
    try:
        body = take_magic(data[: -2 * CHECKSUM_BYTES], CONFIG_MAGIC, "the repository's config")
        config = msgspec.msgpack.decode(body, type=Config)
    except msgspec.MsgspecError:
        raise BadObject("the repository's config cannot be read") from None
    if config.version > FORMAT_VERSION:
        raise BadObject(f"the repository has format version {config.version}", "Update Resurge.")
    if len(config.repository_id) != REPOSITORY_ID_BYTES:
        raise BadObject("the repository's config holds no valid identifier")
    return config


def config_is_genuine(data: bytes, master: MasterKey) -> bool:
    body, seal = data[: -2 * CHECKSUM_BYTES], data[-2 * CHECKSUM_BYTES : -CHECKSUM_BYTES]
    return hmac.compare_digest(blake3(body, key=master.purpose("config")).digest(), seal)
