"""Is the state that a backup has just read fit to go back to? Pure: values in, a verdict out.

A backup is made of whatever is there; calling damage a good snapshot is how good snapshots get lost. So each
snapshot is judged against the last good one, by the promise of its source (write-once, rolling, mutable).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from resurge.estate.model import Content, Source
from resurge.sources.entropy import looks_encrypted

ENCRYPTED_FILES_AT_LEAST = 5  # one new archive is everyday life
ENCRYPTED_SHARE_AT_LEAST = 0.02  # of the files known before
LOST_FILES_AT_LEAST = 5  # of a source that may change: somebody may just be tidying up
LOST_SHARE_AT_LEAST = 0.25
REASONS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class FileState:
    """What a snapshot says of one file. `path` is absolute."""

    path: str
    size: int
    digest: str
    entropy: float


@dataclass(frozen=True, slots=True)
class Verdict:
    good: bool
    reasons: tuple[str, ...] = ()
    suspect_paths: tuple[str, ...] = ()

    @property
    def word(self) -> str:
        return "good" if self.good else "suspect"


def judge(
    sources: Sequence[Source],
    before: Mapping[str, FileState],
    after: Mapping[str, FileState],
    unhealthy: Mapping[str, str],
    unreadable: Sequence[tuple[str, str]] = (),
) -> Verdict:
    """`before`: the last good snapshot's files (empty at first). `unhealthy`: path → what its own check found."""
    reasons: list[str] = []
    paths: list[str] = []

    def suspect(what: str, found: Sequence[str]) -> None:
        if found:
            names = ", ".join(Path(path).name for path in found[:REASONS_SHOWN])
            more = f" and {len(found) - REASONS_SHOWN} more" if len(found) > REASONS_SHOWN else ""
            reasons.append(f"{what}: {names}{more}")
            paths.extend(found)

    for source in sources:
        root = str(source.path)
        known = {p: s for p, s in before.items() if p == root or p.startswith(f"{root}/")}
        if source.content is not Content.MUTABLE:
            changed = [p for p, s in known.items() if p in after and after[p].digest != s.digest]
            suspect(f"{len(changed)} changed that are {source.content.value}", changed)
        if source.content is Content.WRITE_ONCE:
            suspect("gone that are write-once", [p for p in known if p not in after])
        if source.content is Content.MUTABLE:
            gone = [p for p in known if p not in after]
            if len(gone) >= max(LOST_FILES_AT_LEAST, LOST_SHARE_AT_LEAST * len(known)):
                suspect(f"{len(gone)} of {len(known)} are gone", gone)
        encrypted = _encrypted(root, known, after)
        if len(encrypted) >= max(ENCRYPTED_FILES_AT_LEAST, ENCRYPTED_SHARE_AT_LEAST * len(known)):
            suspect(f"{len(encrypted)} look encrypted", encrypted)
    for path, what in unhealthy.items():
        suspect(what, [path])
    suspect("could not be read", [name for name, _ in unreadable])
    return Verdict(not reasons, tuple(reasons), tuple(dict.fromkeys(paths)))


def _encrypted(root: str, known: Mapping[str, FileState], after: Mapping[str, FileState]) -> list[str]:
    """Known files that turned random, and random new ones where others vanished: new archives are no alarm."""
    if not known:
        return []
    below = [s for p, s in after.items() if p == root or p.startswith(f"{root}/")]
    turned = [s.path for s in below if s.path in known and _turned_random(known[s.path], s)]
    gone = sum(path not in after for path in known)
    new = [s.path for s in below if s.path not in known and looks_encrypted(0.0, s.entropy, s.size)]
    return turned + (new if gone >= ENCRYPTED_FILES_AT_LEAST else [])  # NAME.locked, where NAME was


def _turned_random(before: FileState, after: FileState) -> bool:
    return before.digest != after.digest and looks_encrypted(before.entropy, after.entropy, after.size)
