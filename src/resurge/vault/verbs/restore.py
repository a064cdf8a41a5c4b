"""Restore in place: what is right stays, what is not is replaced whole, what cannot be is named."""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock

from blake3 import blake3

from resurge.core.errors import AccessDenied, RepositoryDamaged, ResurgeError, StorageFull
from resurge.vault.format.framing import IDENTIFIER_BYTES, BadObject
from resurge.vault.format.records import StoredNode
from resurge.vault.progress import Progress, ProgressUpdate
from resurge.vault.repository.reading import READERS, ChunkReader, read_ahead
from resurge.vault.verbs.contents import concatenated
from resurge.vault.verbs.placing import Target, clear, digest_of, look, name_parts, neighbour

NAMED_FAILURES = 20
SMALL_BYTES = 1 << 20
WRITERS = 4
"""Each small file is made durable on its own, and that is mostly waiting: file systems commit what waits together."""
Parts = tuple[bytes, ...]


@dataclass
class RestoreReport:
    """What a restore did. `notes` are lines for a person: what was left out, and why."""

    written_files: int = 0
    unchanged_files: int = 0
    folders: int = 0
    links: int = 0
    written_bytes: int = 0
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Placed:
    """A node, and where it goes below the target."""

    node: StoredNode
    parts: Parts


@dataclass(frozen=True, slots=True)
class Selection:
    """What is restored, and where to. `single`: the subtree is a file. `met`: the snapshot holds it."""

    placed: list[Placed]
    single: bool
    met: bool


def choose(nodes: Iterator[StoredNode], subtree: str, only: Callable[[str], bool] | None) -> Selection:
    prefix = os.fsencode(subtree.strip("/"))
    chosen = []
    single = met = False
    for node in nodes:
        if prefix and node.name != prefix and not node.name.startswith(prefix + b"/"):
            continue
        met = True
        if only is not None and not only(os.fsdecode(node.name)):
            continue
        single = single or (node.name == prefix and node.kind != "folder")
        chosen.append(Placed(node, name_parts(node.name[len(prefix) :].lstrip(b"/") if prefix else node.name)))
    return Selection(chosen, single, met)


class Restore:
    def __init__(
        self, reader: ChunkReader, target: Path, chosen: list[Placed], lost: list[str], progress: Progress
    ) -> None:
        self._reader = reader
        self._target = Target(target)
        self._chosen = chosen
        self._progress = progress
        self._own = frozenset(each.parts for each in chosen if each.node.kind == "folder")
        self._total_bytes = sum(each.node.size for each in chosen if each.node.kind == "file")
        self._total_files = sum(each.node.kind == "file" for each in chosen)
        self._done_bytes = self._done_files = 0
        self._damaged = list(lost)
        self._refused: list[str] = []
        self._report = RestoreReport()
        self._counting = Lock()
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="resurge-read")
        self._writers = ThreadPoolExecutor(WRITERS, thread_name_prefix="resurge-write")

    def run(self) -> RestoreReport:
        """Raises StorageFull at once; RepositoryDamaged or AccessDenied when all else is done."""
        with self._pool, self._writers:
            self._place_everything()
        self._complain()
        return self._report

    def _place_everything(self) -> None:
        by_folder: dict[Parts, list[Placed]] = {}
        for each in self._chosen:
            if each.node.kind == "folder":
                by_folder.setdefault(each.parts, [])
            else:
                by_folder.setdefault(each.parts[:-1], []).append(each)
        for parts, content in by_folder.items():
            self._guarded(b"/".join(parts), partial(self._fill, parts, content))
        folders = [each for each in self._chosen if each.node.kind == "folder"]
        for each in sorted(folders, key=lambda each: -len(each.parts)):
            self._guarded(each.node.name, partial(self._finish_folder, each))

    def _guarded(self, name: bytes, work: Callable[[], None]) -> None:
        """One failure leaves the others alone, but for a full disk: that ends it."""
        shown = os.fsdecode(name)
        try:
            work()
        except BadObject as problem:
            self._damaged.append(f"{shown}: {problem}")
        except StorageFull:
            raise
        except ResurgeError as problem:
            self._refused.append(str(problem))
        except OSError as problem:
            if problem.errno in (errno.ENOSPC, errno.EDQUOT):
                raise StorageFull(
                    f"no space left while restoring {shown}",
                    "Free some space and run the restore again: it goes on where it stopped.",
                ) from problem
            self._refused.append(f"{shown}: {problem.strerror or problem}")

    def _fill(self, parts: Parts, content: list[Placed]) -> None:
        with self._target.folder(parts, self._own) as folder:
            if parts in self._own:
                mode = stat.S_IMODE(os.fstat(folder).st_mode)
                if mode & 0o700 != 0o700:
                    os.fchmod(folder, mode | 0o700)
            small, other = _parted(content)
            for each in other:
                self._guarded(each.node.name, partial(self._place, folder, each))
            for _ in self._writers.map(
                lambda each: self._guarded(each.node.name, partial(self._place, folder, each)), small
            ):
                pass
            os.fsync(folder)

    def _place(self, folder: int, placed: Placed) -> None:
        node, name = placed.node, placed.parts[-1]
        if node.kind == "file":
            self._file(folder, name, node)
        elif node.kind == "symlink":
            self._link(folder, name, node)
        elif node.kind == "fifo":
            self._fifo(folder, name, node)
        else:
            self._report.notes.append(f"{os.fsdecode(node.name)}: a {node.kind} is not restored")

    def _file(self, folder: int, name: bytes, node: StoredNode) -> None:
        found = look(folder, name)
        regular = found is not None and stat.S_ISREG(found.st_mode)
        if regular and found is not None and found.st_size == node.size and self._is_right(folder, name, node):
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            try:
                _dress(handle, node)
            finally:
                os.close(handle)
            written = False
        else:
            with neighbour(folder, name) as (handle, temporary):
                self._write(handle, node)
                _dress(handle, node)
                os.fsync(handle)
                if not regular:
                    clear(folder, name)
                os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
            written = True
        self._count(node, written)

    def _count(self, node: StoredNode, written: bool) -> None:
        with self._counting:
            self._report.written_files += written
            self._report.unchanged_files += not written
            self._report.written_bytes += node.size if written else 0
            self._done_files += 1
            self._done_bytes += node.size
            done = (self._done_bytes, self._total_bytes, self._done_files, self._total_files)
            self._progress(ProgressUpdate(*done, os.fsdecode(node.name)))

    @staticmethod
    def _is_right(folder: int, name: bytes, node: StoredNode) -> bool:
        try:
            return digest_of(folder, name) == node.digest
        except OSError:
            return False

    def _write(self, handle: int, node: StoredNode) -> None:
        digest = blake3()
        ids = list(concatenated(node.chunks, IDENTIFIER_BYTES))
        for data in read_ahead(self._reader, ids, self._pool):
            view = memoryview(data)
            digest.update(view)
            while view:
                view = view[os.write(handle, view) :]
        if digest.digest() != node.digest:
            raise BadObject("its chunks are whole, but together are not the file that was backed up")

    def _link(self, folder: int, name: bytes, node: StoredNode) -> None:
        found = look(folder, name)
        same = found is not None and stat.S_ISLNK(found.st_mode)
        if not same or os.readlink(name, dir_fd=folder) != node.link_target:
            clear(folder, name)
            os.symlink(node.link_target, name, dir_fd=folder)
        if os.geteuid() == 0:
            os.chown(name, node.uid, node.gid, dir_fd=folder, follow_symlinks=False)
        os.utime(name, ns=(node.mtime_ns, node.mtime_ns), dir_fd=folder, follow_symlinks=False)
        self._report.links += 1

    def _fifo(self, folder: int, name: bytes, node: StoredNode) -> None:
        found = look(folder, name)
        if found is None or not stat.S_ISFIFO(found.st_mode):
            clear(folder, name)
            os.mkfifo(name, 0o600, dir_fd=folder)
        if os.geteuid() == 0:
            os.chown(name, node.uid, node.gid, dir_fd=folder, follow_symlinks=False)
        os.chmod(name, stat.S_IMODE(node.mode), dir_fd=folder)
        os.utime(name, ns=(node.mtime_ns, node.mtime_ns), dir_fd=folder, follow_symlinks=False)

    def _finish_folder(self, placed: Placed) -> None:
        with self._target.folder(placed.parts, self._own) as folder:
            _dress(folder, placed.node)
        self._report.folders += 1

    def _complain(self) -> None:
        if self._damaged:
            raise RepositoryDamaged(
                f"{len(self._damaged)} file(s) could not be restored, the rest was: {_some(self._damaged)}",
                "Run `resurge check --read-data`; take these from a copy or an older snapshot.",
            )
        if self._refused:
            raise AccessDenied(
                f"{len(self._refused)} file(s) could not be written, the rest was: {_some(self._refused)}",
                "Give this user the right to write there, or choose another target; then run again.",
            )


def _parted(content: list[Placed]) -> tuple[list[Placed], list[Placed]]:
    """Small files, and everything else."""
    small = [each for each in content if each.node.kind == "file" and each.node.size <= SMALL_BYTES]
    other = [each for each in content if each.node.kind != "file" or each.node.size > SMALL_BYTES]
    return small, other


def _dress(handle: int, node: StoredNode) -> None:
    """Owner before mode, for a change of owner clears set-user bits; time last."""
    if os.geteuid() == 0:
        with suppress(PermissionError):
            os.fchown(handle, node.uid, node.gid)
    os.fchmod(handle, stat.S_IMODE(node.mode))
    os.utime(handle, ns=(node.mtime_ns, node.mtime_ns))


def _some(lines: list[str]) -> str:
    more = f"; and {len(lines) - NAMED_FAILURES} more" if len(lines) > NAMED_FAILURES else ""
    return "; ".join(lines[:NAMED_FAILURES]) + more
