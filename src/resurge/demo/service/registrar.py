"""How training tells the database about its checkpoints, without ever depending on it."""

import sqlite3

from resurge.demo.service import checkpoints, metadata
from resurge.demo.service.checkpoints import Checkpoint
from resurge.demo.service.layout import Layout

BUSY_SECONDS = 0.3  # training goes on at its pace; what could not be told is told next time


class Registrar:
    """Tells the whole truth each time, not only what is new: a database that was put back from a backup is
    right again with the next checkpoint. What it could not tell waits, even if it was rotated away since."""

    def __init__(self, layout: Layout, seed: int) -> None:
        self._layout = layout
        self._seed = seed
        self._found = checkpoints.describe_all(layout.checkpoints)
        self._written: dict[str, Checkpoint] = {}
        self._reachable = True

    @property
    def waiting(self) -> int:
        """Checkpoints of this process that the database may not know."""
        return 0 if self._reachable else len(self._written)

    def tell(self, newest: Checkpoint | None = None) -> None:
        if newest is not None:
            self._written[newest.name] = newest
            self._found.pop(newest.name, None)
        try:
            with metadata.transaction(self._layout.database, BUSY_SECONDS) as connection:
                metadata.begin_run(connection, self._seed)
                metadata.adopt(connection, self._seed, self._found.values())
                metadata.record(connection, self._seed, self._written.values())
                present = {path.name for path in checkpoints.on_disk(self._layout.checkpoints)}
                metadata.mark_removed(connection, self._seed, present)
        except sqlite3.DatabaseError as error:
            self._say(False, f"the database cannot be used ({error}): registrations wait, training goes on")
            return
        self._say(True, f"the database is back: told it {len(self._written)} checkpoints")
        self._found = {name: found for name, found in self._found.items() if name in present}
        self._written = {name: written for name, written in self._written.items() if name in present}

    def _say(self, reachable: bool, line: str) -> None:
        if reachable != self._reachable:
            print(line, flush=True)
        self._reachable = reachable
