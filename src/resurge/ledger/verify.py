"""Does the ledger still say what was signed? And if not, where does it first not?

Each signature is over the root of the tree up to its entry, and the tree covers the hash of every line
before. So one valid signature vouches for all before it, valid signatures are a prefix of the log, and the
first bad one is found by bisection instead of by checking them all.
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

from resurge.ledger.entry import NO_PREVIOUS, BadLine, Head, split
from resurge.ledger.keys import Verifier
from resurge.ledger.merkle import EMPTY_ROOT, CompactRange, leaf_hash


@dataclass(frozen=True, slots=True)
class Verification:
    """`size` and `root` are of the part that was found good; `problem` is "" when that is all of it.

    `first_bad` is the first entry that was changed, removed or reordered, or the first that is missing.
    """

    size: int
    root: str
    first_bad: int | None
    problem: str

    @property
    def good(self) -> bool:
        return self.first_bad is None


@dataclass
class _Walk:
    """The entries that fit together, from the first on."""

    roots: list[str] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    problem: str = ""  # why the walk ended before the log did

    def root(self, size: int) -> str:
        return self.roots[size - 1] if size else EMPTY_ROOT.hex()


def verify_lines(lines: Iterable[bytes], verifier: Verifier | None, remembered: Head | None = None) -> Verification:
    """`lines` without newlines; `verifier` may be None only where there are none."""
    walk = _follow(lines)
    size = len(walk.roots)
    good = _signed(walk, verifier)
    if good < size:
        return _bad(walk, good, f"entry {good} is not signed by the ledger's key, or was changed after it was")
    if walk.problem:
        return _bad(walk, size, f"entry {size} {walk.problem}")
    if remembered is not None:
        return _against(walk, remembered)
    return Verification(size, walk.root(size), None, "")


def _follow(lines: Iterable[bytes]) -> _Walk:
    walk, tree, previous = _Walk(), CompactRange(), NO_PREVIOUS
    for index, raw in enumerate(lines):
        try:
            line = split(raw)
        except BadLine as error:
            walk.problem = f"was changed: {error}"
            break
        tree.append(leaf_hash(line.leaf))
        if line.fields["index"] != index:
            walk.problem = f"was removed, added or moved: number {line.fields['index']!r} stands in its place"
        elif line.fields["previous"] != previous:
            walk.problem = "does not follow from the entry before it"
        elif line.root != tree.root().hex():
            walk.problem = "was changed: the tree's root does not match it"
        if walk.problem:
            break
        walk.roots.append(line.root)
        walk.signatures.append(line.signature)
        previous = line.hash()
    return walk


def _signed(walk: _Walk, verifier: Verifier | None) -> int:
    """How many entries from the first on bear a valid signature."""

    def refused(index: int) -> bool:
        return verifier is None or not verifier.accepts(index + 1, walk.roots[index], walk.signatures[index])

    size = len(walk.roots)
    if size == 0 or not refused(size - 1):
        return size
    return bisect_left(range(size), True, key=refused)


def _against(walk: _Walk, remembered: Head) -> Verification:
    size = len(walk.roots)
    if size < remembered.size:
        return _bad(walk, size, f"the end is cut off: {remembered.size} entries were there, {size} are left")
    if walk.root(remembered.size) != remembered.root:
        return _bad(
            walk,
            0,
            f"the first {remembered.size} entries are not those that were remembered: all was rewritten",
        )
    return Verification(size, walk.root(size), None, "")


def _bad(walk: _Walk, index: int, problem: str) -> Verification:
    return Verification(index, walk.root(index), index, problem)
