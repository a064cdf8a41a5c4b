"""What the files of a source were, what they are, and what the difference means. Pure."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from resurge.estate.model import Content
from resurge.monitoring.collectors.scanning import Signature, looks_temporary
from resurge.monitoring.measurement import FileNorm
from resurge.sources.entropy import looks_encrypted

BURST_SECONDS = 5.0
MAX_LISTED = 10_000


@dataclass(slots=True)
class Damage:
    signature: Signature
    kind: str  # "truncated" or "changed"
    entropy: float | None = None
    encrypted: bool = False


@dataclass(slots=True)
class Questions:
    """What must be read before more can be said."""

    differ: list[str] = field(default_factory=list)  # their stat is not the one that was proved: read at once
    settled: list[str] = field(default_factory=list)  # new, and the same for two looks: read when there is time


class ContentBook:
    """Norms come from a good snapshot (`learn`) and, for what is newer, from the first settled look."""

    def __init__(self, root: str, content: Content) -> None:
        self.root = root
        self.content = content
        self.norms: dict[str, FileNorm] = {}
        self.proved: dict[str, Signature] = {}
        self.unproved: set[str] = set()
        self._by_sight: set[str] = set()
        self._damage: dict[str, Damage] = {}
        self._missing: set[str] = set()
        self._pending: dict[str, Signature] = {}
        self._events: deque[tuple[float, str]] = deque()

    def learn(self, norms: Mapping[str, FileNorm]) -> None:
        """Replaces what earlier snapshots said; files first seen since keep what was seen of them."""
        mine = {path: norm for path, norm in norms.items() if path == self.root or path.startswith(self.root + "/")}
        self._by_sight -= mine.keys()
        for path in self.norms.keys() - self._by_sight - mine.keys():
            self._forget(path)
        for path, norm in mine.items():
            if self.norms.get(path) == norm:
                continue
            self._forget(path)
            self.norms[path] = norm

    def look(self, seen: Mapping[str, Signature] | None, at: float) -> Questions:
        """Take in one scan (None: the root is gone)."""
        questions = Questions()
        for path in self.norms.keys() - (seen or {}).keys():
            self._vanish(path, seen, at)
        for path, signature in (seen or {}).items():
            if self.proved.get(path) == signature:
                continue
            norm = self.norms.get(path)
            if norm is None:
                self._appear(path, signature, questions)
                continue
            self._missing.discard(path)
            damage = self._damage.get(path)
            if damage is not None and damage.signature == signature:
                continue
            if self.content is Content.MUTABLE:
                questions.differ.append(path)
            elif signature.size < norm.size:
                self._hurt(path, Damage(signature, "truncated"), at)
            elif signature.size == norm.size and path not in self.proved and damage is None:
                self.proved[path] = signature  # seen for the first time: read in its turn, and soon
                self.unproved.add(path)
            else:
                questions.differ.append(path)
        for path in self._pending.keys() - (seen or {}).keys():
            del self._pending[path]
        while self._events and self._events[0][0] < at - BURST_SECONDS:
            self._events.popleft()
        return questions

    def tell(self, path: str, signature: Signature, digest: str, entropy: float, at: float) -> None:
        """The answer to a question, or what reading it again has shown."""
        norm = self.norms.get(path)
        if norm is None:
            self._settle(path, FileNorm(signature.size, digest, entropy), signature)
            return
        self.unproved.discard(path)
        encrypted = looks_encrypted(norm.entropy, entropy, signature.size)
        if self.content is Content.MUTABLE and not encrypted:
            if path in self.proved and self.proved[path] != signature:
                self._events.append((at, path))
            self._damage.pop(path, None)
            self.norms[path] = FileNorm(signature.size, digest, entropy)
            self.proved[path] = signature
        elif self.content is not Content.MUTABLE and digest == norm.digest:
            self._damage.pop(path, None)
            self.proved[path] = signature
        else:
            kind = "truncated" if signature.size < norm.size else "changed"
            self._hurt(path, Damage(signature, kind, entropy, encrypted), at)

    def detail(self) -> dict[str, Any]:
        """The findings, as the rules about content read them."""
        found: dict[str, Iterable[str]] = {
            "missing": self._missing,
            "truncated": [path for path, damage in self._damage.items() if damage.kind == "truncated"],
            "changed": []
            if self.content is Content.MUTABLE
            else [path for path, damage in self._damage.items() if damage.kind == "changed"],
            "encrypted": [path for path, damage in self._damage.items() if damage.encrypted],
        }
        lists = {name: sorted(paths) for name, paths in found.items()}
        recent = {path for _, path in self._events}
        return {
            **{name: paths[:MAX_LISTED] for name, paths in lists.items()},
            "counts": {name: len(paths) for name, paths in lists.items()},
            "sizes": {path: damage.signature.size for path, damage in self._damage.items()},
            "entropies": {
                path: round(damage.entropy, 3) for path, damage in self._damage.items() if damage.entropy is not None
            },
            "known": len(self.norms),
            "recent": len(recent),
            "recent_paths": sorted(recent)[:MAX_LISTED],
            "mutable": self.content is Content.MUTABLE,
        }

    def damaged(self) -> int:
        return len(self._missing) + len(self._damage)

    def _vanish(self, path: str, seen: Mapping[str, Signature] | None, at: float) -> None:
        """Rolling files are removed one by one, so it is only a loss when nothing is left."""
        if self.content is Content.ROLLING and seen:
            self._forget(path)
            return
        if self.content is Content.MUTABLE and seen is not None:
            self._events.append((at, path))
            self._forget(path)
            return
        was = self.proved.get(path)
        if seen and was and path in self._by_sight and any(now.inode == was.inode for now in seen.values()):
            self._forget(path)  # its writer gave it its final name; nothing was lost
            return
        if path not in self._missing:
            self._missing.add(path)
            self._events.append((at, path))
        self._damage.pop(path, None)

    def _appear(self, path: str, signature: Signature, questions: Questions) -> None:
        if looks_temporary(path):
            return
        if self._pending.get(path) == signature:
            questions.settled.append(path)
        self._pending[path] = signature

    def _settle(self, path: str, norm: FileNorm, signature: Signature) -> None:
        self._pending.pop(path, None)
        self.norms[path] = norm
        self.proved[path] = signature
        self._by_sight.add(path)
        original = path.rpartition(".")[0]  # ransomware often writes NAME.locked, and removes NAME
        if original in self._missing and looks_encrypted(self.norms[original].entropy, norm.entropy, norm.size):
            self._damage[path] = Damage(signature, "encrypted-copy", norm.entropy, encrypted=True)

    def _hurt(self, path: str, damage: Damage, at: float) -> None:
        self.proved.pop(path, None)
        self.unproved.discard(path)
        self._damage[path] = damage
        self._events.append((at, path))

    def _forget(self, path: str) -> None:
        self.norms.pop(path, None)
        self.proved.pop(path, None)
        self.unproved.discard(path)
        self._by_sight.discard(path)
        self._damage.pop(path, None)
        self._missing.discard(path)
