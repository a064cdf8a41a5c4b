"""The machine itself: processor, memory, and the file systems that the estate lives on."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import psutil

from resurge.estate.model import Estate
from resurge.monitoring.measurement import Measurement

HOST = "host"  # the component's name in measurements and alerts
HOST_EVERY_SECONDS = 1.0


def watched_folders(estate: Estate) -> list[Path]:
    """Sources, state and local repositories; a path that is not there yet stands for its nearest parent."""
    paths = [source.path for component in estate.components.values() for source in component.sources]
    paths += [Path(spec.url) for spec in estate.repositories.values() if spec.url.startswith("/")]
    return [estate.state_folder, *paths]


class HostCollector:
    component = HOST
    name = "host"

    def __init__(self, folders: Iterable[Path], every_seconds: float) -> None:
        self.every_seconds = max(HOST_EVERY_SECONDS, every_seconds)
        self._folders = list(folders)
        psutil.cpu_percent()  # the first call has nothing to compare with

    def collect(self, at: float) -> Sequence[Measurement]:
        return [
            Measurement(HOST, "cpu_percent", at, psutil.cpu_percent()),
            Measurement(HOST, "memory_percent", at, psutil.virtual_memory().percent),
            *self._disks(at),
        ]

    def _disks(self, at: float) -> Iterable[Measurement]:
        known: set[int] = set()
        for folder in self._folders:
            there = next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))
            device = there.stat().st_dev
            if device in known:
                continue
            known.add(device)
            found = os.statvfs(there)
            free_bytes, total_bytes = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
            detail = {
                "path": str(there),
                "free_bytes": free_bytes,
                "total_bytes": total_bytes,
                "summary": f"the disk of {there} has {free_bytes / 2**20:.0f} MiB left",
            }
            yield Measurement(HOST, f"disk:{there}", at, float(free_bytes), detail)
