"""Tells when the files of a component change, for backups that follow changes."""

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from resurge.estate.model import Component

log = logging.getLogger(__name__)

GATHER_MILLISECONDS = 100
LOOK_AGAIN_SECONDS = 1.0


class ChangeWatch:
    """One thread for all components that ask for it. The operating system reports; nothing is polled."""

    def __init__(self, components: list[Component], changed: Callable[[str], None]) -> None:
        self._folders = {_folder(s.path): c.name for c in components if c.schedule.on_change for s in c.sources}
        self._changed = changed
        self._stop = Event()
        self._thread = Thread(target=self._watch, name="changes", daemon=True)

    def start(self) -> None:
        if self._folders:
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _watch(self) -> None:
        from watchfiles import watch

        while not self._stop.is_set():
            there = [folder for folder in self._folders if folder.is_dir()]
            try:
                for changes in watch(
                    *there,
                    stop_event=self._stop,
                    step=GATHER_MILLISECONDS,
                    yield_on_timeout=True,
                    rust_timeout=1000,
                ):
                    for name in {self._owner(Path(path)) for _, path in changes} - {None}:
                        self._changed(str(name))
                    if [folder for folder in self._folders if folder.is_dir()] != there:
                        break  # a folder came or went: watch what is there now
            except OSError as error:
                log.warning("cannot watch for changes: %s", error)
            self._stop.wait(LOOK_AGAIN_SECONDS)

    def _owner(self, path: Path) -> str | None:
        return next((name for folder, name in self._folders.items() if path.is_relative_to(folder)), None)


def _folder(path: Path) -> Path:
    return path.parent if path.is_file() else path
