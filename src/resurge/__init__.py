"""Disaster recovery for AI infrastructure: watch, protect, find, bring back, prove."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from resurge.vault import Repository as Repository

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """`from resurge import Repository`, without every `import resurge` paying for the storage engine."""
    if name == "Repository":
        from resurge.vault import Repository

        return Repository
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
