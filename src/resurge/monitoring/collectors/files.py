"""Watch the files of a source: every look a scan, and within the budget their content too."""

import threading
from collections.abc import Mapping, Sequence
from functools import partial

from resurge.estate.model import Content, Source
from resurge.monitoring.collectors.reading import FILE_COST_BYTES, HashBudget, Reading, Rereader, read_whole
from resurge.monitoring.collectors.scanning import scan
from resurge.monitoring.content import ContentBook
from resurge.monitoring.measurement import FileNorm, Measurement


class FilesCollector:
    def __init__(self, component: str, source: Source, every_seconds: float, budget: HashBudget) -> None:
        self.component = component
        self.name = f"files:{source.path}"
        self.every_seconds = every_seconds
        self._source = source
        self._budget = budget
        self._book = ContentBook(str(source.path), source.content)
        self._rereader = Rereader()
        self._learned: Mapping[str, FileNorm] | None = None
        self._lock = threading.Lock()

    def learn(self, norms: Mapping[str, FileNorm]) -> None:
        """Taken in at the next look, so that no look sees two truths."""
        with self._lock:
            self._learned = norms

    def collect(self, at: float) -> Sequence[Measurement]:
        with self._lock:
            learned, self._learned = self._learned, None
        if learned is not None:
            self._book.learn(learned)
        questions = self._book.look(scan(self._source), at)
        for path in questions.differ:
            self._tell(read_whole(path), at=at)
        left_bytes = self._budget.draw()
        for path in questions.settled:
            if left_bytes <= 0:
                break  # it stays settled, and is asked for again at the next look
            reading = read_whole(path)
            left_bytes -= FILE_COST_BYTES + (reading.signature.size if reading else 0)
            self._tell(reading, at=at)
        if self._source.content is not Content.MUTABLE:
            left_bytes = self._reread(left_bytes, at)
        self._budget.give_back(left_bytes)
        return [Measurement(self.component, self.name, at, float(self._book.damaged()), self._book.detail())]

    def _reread(self, allowed_bytes: float, at: float) -> float:
        """Only what is in its proved state: what is damaged is judged by its stat until that changes."""
        return self._rereader.read(
            allowed_bytes,
            sorted(self._book.unproved),
            self._book.proved.keys,
            partial(self._tell, at=at),
        )

    def _tell(self, reading: Reading | None, *, at: float) -> None:
        if reading is not None:
            self._book.tell(reading.path, reading.signature, reading.digest, reading.entropy, at)
