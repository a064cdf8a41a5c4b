"""Making a repository and unlocking one."""

import os

from resurge.core.errors import RepositoryDamaged, RepositoryExists, RepositoryNotFound, WrongPassword
from resurge.vault.format.config import (
    PACK_TARGET_BYTES,
    Config,
    config_is_genuine,
    decode_config,
    encode_config,
)
from resurge.vault.format.framing import (
    NONCE_BYTES,
    REPOSITORY_ID_BYTES,
    SALT_BYTES,
    BadObject,
    content_name,
)
from resurge.vault.format.keys import (
    MASTER_KEY_BYTES,
    KdfParameters,
    MasterKey,
    unwrap_master_key,
    wrap_master_key,
)
from resurge.vault.repository.access import Access, read_whole
from resurge.vault.repository.layout import CONFIG, INDEX, KEYS, PACKS, SNAPSHOTS
from resurge.vault.storage.store import ObjectExists, ObjectMissing, Store

_TAKE_BACK = "Bring it back from a copy of this repository: copy the object, or mirror the whole copy here."


def create(store: Store, password: str, kdf: KdfParameters, pack_target_bytes: int = PACK_TARGET_BYTES) -> Access:
    """The key before the config: whoever finds a config finds a key. The config is put if there is none."""
    _refuse_occupied(store)
    config = Config(os.urandom(REPOSITORY_ID_BYTES), pack_target_bytes=pack_target_bytes)
    master = MasterKey(os.urandom(MASTER_KEY_BYTES))
    key = wrap_master_key(master, password, config.repository_id, kdf, os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES))
    name = f"{KEYS}/{content_name(key)}"
    store.put(name, key)
    try:
        store.put(CONFIG, encode_config(config, master), replace=False)
    except ObjectExists:
        store.delete(name)
        raise _exists(store) from None
    return Access(store, config, master)


def _exists(store: Store) -> RepositoryExists:
    return RepositoryExists(
        f"there is a repository at {store.location} already", "Use it as it is, or choose another place."
    )


def _refuse_occupied(store: Store) -> None:
    if store.size(CONFIG) is not None:
        raise _exists(store)
    for found in store.list():
        folder = found.name.partition("/")[0]
        if folder in (PACKS, INDEX, SNAPSHOTS):
            raise RepositoryExists(
                f"{store.location} holds the objects of a repository whose config is missing", _TAKE_BACK
            )
        if folder != KEYS:
            raise RepositoryExists(
                f"{store.location} is not empty, and what it holds is no repository",
                "Choose an empty folder, or one that does not exist yet.",
            )


def read_config(store: Store) -> tuple[Config, bytes]:
    """The config, and its stored bytes."""
    try:
        data = store.get(CONFIG)
    except ObjectMissing:
        raise _without_config(store) from None
    return decode_config(data), data


def _without_config(store: Store) -> RepositoryNotFound | RepositoryDamaged:
    folders = {found.name.partition("/")[0] for found in store.list()}
    if folders & {PACKS, INDEX, SNAPSHOTS}:
        return RepositoryDamaged(f"the repository at {store.location} has lost its config", _TAKE_BACK)
    advice = "Check the path, or make a repository there with `resurge repo init`."
    if folders:
        return RepositoryNotFound(f"{store.location} is a folder, but no repository", advice)
    return RepositoryNotFound(f"there is no repository at {store.location}", advice)


def unlock(store: Store, password: str) -> Access:
    config, data = read_config(store)
    damaged = []
    tried = 0
    for found in list(store.list(KEYS)):
        try:
            master = unwrap_master_key(read_whole(store, found.name), password, config.repository_id)
        except (BadObject, ObjectMissing):
            damaged.append(found.name)
            continue
        tried += 1
        if master is None:
            continue
        if not config_is_genuine(data, master):
            raise RepositoryDamaged(f"the config of {store.location} was forged", _TAKE_BACK)
        return Access(store, config, master)
    if tried:
        hint = f" {len(damaged)} damaged key object(s) could not be tried." if damaged else ""
        raise WrongPassword(
            f"wrong password for the repository at {store.location}",
            "Check RESURGE_PASSWORD or the password file." + hint,
        )
    what = f"its key is damaged: {', '.join(damaged)}" if damaged else "its key is missing"
    raise RepositoryDamaged(f"the repository at {store.location} cannot be unlocked: {what}", _TAKE_BACK)
