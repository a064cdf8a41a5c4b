"""The storage engine: `verbs/` over `repository/` over `storage/` and `format/`."""

from resurge.vault.format.keys import KdfParameters
from resurge.vault.format.records import Node, Snapshot
from resurge.vault.library import Repository, Stats
from resurge.vault.progress import Progress, ProgressUpdate
from resurge.vault.verbs.check import CheckReport
from resurge.vault.verbs.mirror import MirrorReport, mirror
from resurge.vault.verbs.restore import RestoreReport

__all__ = [
    "CheckReport",
    "KdfParameters",
    "MirrorReport",
    "Node",
    "Progress",
    "ProgressUpdate",
    "Repository",
    "RestoreReport",
    "Snapshot",
    "Stats",
    "mirror",
]
