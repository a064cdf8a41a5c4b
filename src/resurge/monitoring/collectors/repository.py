"""A repository in a local folder, seen from outside, without its password: are its objects there, and whole?

Every object but `config` is named by the BLAKE3 hash of its stored bytes, so anybody can tell whether it is
what it was. Objects are never changed in place, and a new one is never an anomaly.
"""

import math
import os
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from resurge.monitoring.measurement import FileNorm, Measurement
from resurge.sources.digest import digest_file

CONFIG = "config"
TEMPORARY_FOLDER = "tmp"
HASHED_BYTES_PER_LOOK = 4 << 20
MAX_LISTED = 10_000

_HASH = re.compile(r"[0-9a-f]{64}")


class RepositoryCollector:
    def __init__(self, component: str, folder: Path, every_seconds: float) -> None:
        self.component = component
        self.name = "repository"
        self.every_seconds = every_seconds
        self._folder = folder
        self._expected: dict[str, int] = {}
        self._learned: Mapping[str, FileNorm] | None = None
        self._rotten: set[str] = set()
        self._after = ""  # the rotation goes on behind this name
        self._seen_well = False
        self._lock = threading.Lock()

    def learn(self, norms: Mapping[str, FileNorm]) -> None:
        """Names relative to the repository, or absolute paths. A size of 0 means: any."""
        with self._lock:
            self._learned = norms

    def collect(self, at: float) -> Sequence[Measurement]:
        self._take_norms()
        objects = list_objects(self._folder)
        gone = CONFIG not in objects
        damaged = [] if gone else self._damaged(objects, HASHED_BYTES_PER_LOOK)
        return [self._told(at, gone=gone, damaged=damaged, objects=len(objects))]

    def examine(self, at: float) -> Measurement:
        """Everything at once, every hash."""
        self._take_norms()
        objects = list_objects(self._folder)
        gone = CONFIG not in objects
        damaged = [] if gone else self._damaged(objects, math.inf)
        return self._told(at, gone=gone, damaged=damaged, objects=len(objects))

    def _take_norms(self) -> None:
        with self._lock:
            learned, self._learned = self._learned, None
        if learned is not None:
            prefix = f"{self._folder}/"
            self._expected = {name.removeprefix(prefix): norm.size for name, norm in learned.items()}

    def _damaged(self, objects: Mapping[str, int], allowed_bytes: float) -> list[str]:
        missing = {
            name for name, size in self._expected.items() if name not in objects or (size and objects[name] != size)
        }
        self._rotten &= objects.keys()
        self._hash_some(objects, allowed_bytes)
        return sorted(missing | self._rotten)

    def _hash_some(self, objects: Mapping[str, int], allowed_bytes: float) -> None:
        """In order of name, from where the last look ended, at most once around."""
        names = sorted(name for name in objects if _HASH.fullmatch(name.rpartition("/")[2]))
        turned = [name for name in names if name > self._after] + [name for name in names if name <= self._after]
        for name in turned:
            if allowed_bytes <= 0:
                return
            allowed_bytes -= objects[name] + 65536
            self._after = name
            try:
                digest = digest_file(self._folder / name)
            except OSError:
                continue  # forgotten meanwhile; if it was not, the next look misses it
            sound = digest == name.rpartition("/")[2]
            (self._rotten.discard if sound else self._rotten.add)(name)

    def _told(self, at: float, *, gone: bool, damaged: list[str], objects: int) -> Measurement:
        detail = {
            "gone": gone,
            "summary": f"the repository {self._folder} is gone" if gone else f"{objects} objects",
            "damaged": damaged[:MAX_LISTED],
            "counts": {"damaged": len(damaged)},
            "objects": objects,
        }
        return Measurement(self.component, "repository", at, float(not gone and not damaged), detail)


def list_objects(folder: Path) -> dict[str, int]:
    """Relative names and sizes in bytes of all that is stored; empty when the folder is not there."""
    found: dict[str, int] = {}
    pending = [""]
    while pending:
        below = pending.pop()
        try:
            with os.scandir(folder / below) as entries:
                for entry in entries:
                    name = f"{below}/{entry.name}" if below else entry.name
                    if name == TEMPORARY_FOLDER or entry.name.startswith("."):
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(name)
                    else:
                        found[name] = entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return found
