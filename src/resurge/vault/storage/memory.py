"""Objects in memory: for tests and rehearsals. It keeps nothing when the process ends."""

import threading
from collections.abc import Iterator

from resurge.vault.storage.store import Data, ObjectExists, ObjectMissing, Stored

_NAMED: dict[str, "MemoryStore"] = {}
_NAMING = threading.Lock()


def named(location: str) -> "MemoryStore":
    """The one store of that name in this process; empty at first."""
    with _NAMING:
        return _NAMED.setdefault(location, MemoryStore(location))


class MemoryStore:
    def __init__(self, location: str = "memory") -> None:
        self._objects: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._location = location

    @property
    def location(self) -> str:
        return self._location

    def put(self, name: str, data: Data, *, replace: bool = True) -> None:
        with self._lock:
            if not replace and name in self._objects:
                raise ObjectExists(f"{name} exists already")
            self._objects[name] = bytes(data)

    def get(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        with self._lock:
            if name not in self._objects:
                raise ObjectMissing(f"{name} is not there")
            data = self._objects[name]
        return data[offset:] if length is None else data[offset : offset + length]

    def list(self, prefix: str = "") -> Iterator[Stored]:
        with self._lock:
            found = [Stored(name, len(data)) for name, data in self._objects.items()]
        yield from (each for each in found if not prefix or each.name.startswith(prefix + "/"))

    def size(self, name: str) -> int | None:
        with self._lock:
            return len(self._objects[name]) if name in self._objects else None

    def delete(self, name: str) -> None:
        with self._lock:
            self._objects.pop(name, None)

    def clean(self) -> None:
        """Nothing is ever left behind here."""
