"""The ledger: append, read, verify."""

import errno
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from resurge.core.clock import Clock, SystemClock
from resurge.core.errors import AccessDenied, LedgerBroken, StorageFull
from resurge.ledger import keys
from resurge.ledger.entry import NO_PREVIOUS, BadLine, Entry, Head, Line, join, leaf_bytes, split
from resurge.ledger.file import LogFile, append_line
from resurge.ledger.merkle import CompactRange, leaf_hash
from resurge.ledger.verify import Verification, verify_lines

_ADVICE = (
    "Run `resurge ledger verify` to see where. Nothing is sealed on top of a broken ledger: keep its folder "
    "as evidence, set it aside, and a new one begins by itself."
)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Ledger:
    """Several processes and threads may append at once.

    `make_room` is called when the disk is full, before one more try (release the state's reserve).
    """

    def __init__(
        self, folder: Path, clock: Clock | None = None, *, make_room: Callable[[], object] | None = None
    ) -> None:
        self.folder = folder
        self._file = LogFile(folder)
        self._clock = clock or SystemClock()
        self._make_room = make_room
        self._guard = threading.Lock()
        self._known = _Known()

    def append(self, kind: str, subject: str, body: Mapping[str, Any], *, key: str | None = None) -> Entry:
        """Sealed and on the disk when this returns. A `key` that is there already: that entry, unchanged."""
        with self._guard, _explained(self.folder):
            try:
                return self._append(kind, subject, body, key)
            except OSError as error:
                if error.errno not in _FULL or self._make_room is None:
                    raise
                self._make_room()
            return self._append(kind, subject, body, key)

    def entries(self) -> Iterator[Entry]:
        """In order, as the file tells them; only `verify` says whether they are to be believed."""
        with _explained(self.folder):
            for index, raw in enumerate(self._file.lines()):
                yield self._read(index, raw).entry()

    def head(self) -> Head:
        """Refuses, as LedgerBroken, a ledger that was changed since it was last signed."""
        with self._guard, _explained(self.folder):
            end = self._file.whole_bytes()
            if end:
                self._catch_up(end, keys.load_verifier(self.folder))
            return self._known.head()

    def verify(self, remembered: Head | None = None) -> Verification:
        """Check everything from the first byte. `remembered` is a head that was kept elsewhere: with it, a
        ledger that was cut short or wholly rewritten is noticed, too."""
        with _explained(self.folder):
            end = self._file.whole_bytes()
            verifier = keys.load_verifier(self.folder) if end else None
            return verify_lines(self._file.lines_between(0, end), verifier, remembered)

    def _append(self, kind: str, subject: str, body: Mapping[str, Any], key: str | None) -> Entry:
        with self._file.writing() as handle:
            end = self._file.set_torn_aside(handle)
            signer = keys.load_signer(self.folder, may_create=end == 0)
            self._catch_up(end, signer.verifier)
            known = self._known
            if key is not None and key in known.offsets:
                return self._entry_at(known.offsets[key])
            leaf = leaf_bytes(
                index=known.tree.size,
                at=self._clock.now(),
                kind=kind,
                subject=subject,
                body=body,
                key=key,
                previous=known.previous,
            )
            line = known.next_line(leaf, signer)
            append_line(handle, end, line.raw)
            known.take(line)
            known.index(key, end)
            return line.entry()

    def _catch_up(self, end: int, verifier: keys.Verifier) -> None:
        """Take in what other processes appended. Signing over a history that nobody signed would launder it,
        so the last signature is checked first: it covers everything before it."""
        known = self._known
        if end < known.end:
            raise LedgerBroken(f"the ledger in {self.folder} has become shorter", _ADVICE)
        if end == known.end:
            return
        grown, found = known.fork(), list[tuple[str | None, int]]()
        for raw in self._file.lines_between(known.end, end):
            line = self._read(grown.tree.size, raw)
            found.append((line.fields["key"], grown.end))
            grown.take(line)
        head = grown.head()
        if line.root != head.root or not verifier.accepts(head.size, head.root, line.signature):
            raise LedgerBroken(f"the ledger in {self.folder} was changed since it was signed", _ADVICE)
        for key, offset in found:
            grown.index(key, offset)
        self._known = grown

    def _read(self, index: int, raw: bytes) -> Line:
        try:
            return split(raw)
        except BadLine as error:
            where = f"entry {index} of the ledger in {self.folder} cannot be read"
            raise LedgerBroken(f"{where}: {error}", _ADVICE) from error

    def _entry_at(self, offset: int) -> Entry:
        return split(next(self._file.lines_between(offset, self._known.end))).entry()


class _Known:
    """What one process has read of the file so far."""

    def __init__(self) -> None:
        self.end = 0
        self.tree = CompactRange()
        self.previous = NO_PREVIOUS
        self.offsets: dict[str, int] = {}  # where the entry of a key begins

    def next_line(self, leaf: bytes, signer: keys.Signer) -> Line:
        grown = self.tree.copy()
        grown.append(leaf_hash(leaf))
        root = grown.root().hex()
        return join(leaf, root, signer.sign(grown.size, root))

    def take(self, line: Line) -> None:
        self.tree.append(leaf_hash(line.leaf))
        self.previous = line.hash()
        self.end += len(line.raw) + 1

    def index(self, key: str | None, offset: int) -> None:
        if key is not None:
            self.offsets.setdefault(key, offset)

    def head(self) -> Head:
        return Head(self.tree.size, self.tree.root().hex())

    def fork(self) -> "_Known":
        """Grows apart from this one, but for the offsets, which only `index` adds to."""
        twin = _Known()
        twin.end, twin.tree, twin.previous = self.end, self.tree.copy(), self.previous
        twin.offsets = self.offsets
        return twin


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise AccessDenied(f"no permission to use the ledger in {folder}", f"Run as the owner of {folder}.") from error
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise StorageFull(
            f"no room left to write the ledger in {folder}",
            "Free some space there, then run the command again.",
        ) from error
