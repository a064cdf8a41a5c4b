"""An unlocked repository: store, config, master key; and objects read so that they prove themselves."""

import os
from dataclasses import dataclass

from resurge.vault.format.config import Config
from resurge.vault.format.framing import (
    SALT_BYTES,
    BadObject,
    content_name,
    object_salt,
    open_object,
    seal_object,
)
from resurge.vault.format.keys import MasterKey
from resurge.vault.repository.layout import identifier
from resurge.vault.storage.store import Store


@dataclass(frozen=True)
class Access:
    store: Store
    config: Config
    master: MasterKey

    @property
    def repository_id(self) -> bytes:
        return self.config.repository_id

    def write_sealed(self, folder: str, magic: bytes, payload: bytes) -> tuple[str, int]:
        """The new object's id, and its size in bytes."""
        salt = os.urandom(SALT_BYTES)
        data = seal_object(magic, self.repository_id, salt, self.master.salted(folder, salt), payload)
        id_ = content_name(data)
        self.store.put(f"{folder}/{id_}", data)
        return id_, len(data)

    def read_sealed(self, folder: str, magic: bytes, id_: str) -> bytes:
        """The payload. Raises ObjectMissing or BadObject."""
        name = f"{folder}/{id_}"
        data = read_whole(self.store, name)
        key = self.master.salted(folder, object_salt(data, magic, name))
        return open_object(data, magic, self.repository_id, key, name)


def read_whole(store: Store, name: str) -> bytes:
    """An object whose bytes still hash to its name. Raises ObjectMissing or BadObject."""
    data = store.get(name)
    if content_name(data) != identifier(name):
        raise BadObject(f"{name} is damaged: its bytes are not those that were written")
    return data
