"""Which module protects which kind of source: one line each, so that a new kind is seen here."""

from collections.abc import Callable, Mapping

from resurge.estate import model
from resurge.sources.files import FilesSource
from resurge.sources.item import Source
from resurge.sources.sqlite import SqliteSource

OPENERS: Mapping[model.SourceKind, Callable[[model.Source], Source]] = {
    model.SourceKind.FILES: lambda spec: FilesSource(spec.path, spec.exclude),
    model.SourceKind.SQLITE: lambda spec: SqliteSource(spec.path),
}


def open_source(spec: model.Source) -> Source:
    return OPENERS[spec.kind](spec)
