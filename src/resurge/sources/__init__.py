"""One module for each kind of thing protected. Sources yield items and know no vault."""

from resurge.sources.files import FilesSource
from resurge.sources.item import Item, OnUnreadable, Source
from resurge.sources.registry import open_source
from resurge.sources.sqlite import DatabaseBusy, DatabaseDamaged, SqliteSource

__all__ = [
    "DatabaseBusy",
    "DatabaseDamaged",
    "FilesSource",
    "Item",
    "OnUnreadable",
    "Source",
    "SqliteSource",
    "open_source",
]
