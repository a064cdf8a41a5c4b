"""A bar with rate and time left, on standard error, when a person is watching."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Update(Protocol):
    """What long work reports of itself."""

    @property
    def done_bytes(self) -> int: ...
    @property
    def total_bytes(self) -> int | None: ...
    @property
    def done_files(self) -> int: ...


@contextmanager
def progress_bar(label: str, *, wanted: bool = True) -> Iterator[Callable[[Update], None] | None]:
    """Yields None where there is no terminal: then nothing is imported, and nothing is printed."""
    if not (wanted and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[files]} files"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None, files=0)

        def show(update: Update) -> None:
            bar.update(task, completed=update.done_bytes, total=update.total_bytes, files=update.done_files)

        yield show
