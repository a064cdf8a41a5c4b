"""Every situation Resurge can explain, as one tree. Each class has its own exit code.

    ResurgeError                     1   anything below, or a failure without a class of its own
    ├── PartialBackup                3   some files could not be read; the snapshot of the rest is kept
    ├── PromiseBroken                4   a drill or an incident missed its RPO, RTO or proof
    ├── ChecksFailed                 5   a check found damage (repository, component)
    ├── RepositoryError              9
    │   ├── RepositoryNotFound      10
    │   ├── WrongPassword           12
    │   ├── RepositoryDamaged       13
    │   ├── RepositoryExists        14
    │   └── SnapshotNotFound        15
    ├── AlreadyRunning              11   another controller holds the state folder
    ├── EstateError                 20   resurge.yaml cannot be accepted
    │   ├── EstateNotFound          21
    │   └── ComponentNotFound       22
    ├── SourceMissing               23   what a component declares is not there
    ├── IncidentNotFound            24
    ├── StorageFull                 30
    ├── AccessDenied                31
    ├── PortTaken                   32
    ├── StateDamaged                33   Resurge's own database cannot be read
    ├── LedgerBroken                40   an entry was changed, removed or reordered
    ├── RecoveryFailed              42   a recovery run ended without proof
    ├── NotAllowed                  43   the estate's mode, its allowed actions or a pause forbid it
    └── Interrupted                130

10, 11, 12, 3 and 130 mean what they mean to users of restic. 2 is a mistake on the command line.
`str(error)` says what happened; `error.advice` says what to do next. Neither ever holds a secret.
"""

from typing import ClassVar


class ResurgeError(Exception):
    """What happened, in one line, and what to do about it in another."""

    exit_code: ClassVar[int] = 1

    def __init__(self, happened: str, advice: str = "") -> None:
        super().__init__(happened)
        self.advice = advice


class PartialBackup(ResurgeError):
    exit_code = 3


class PromiseBroken(ResurgeError):
    exit_code = 4


class ChecksFailed(ResurgeError):
    exit_code = 5


class RepositoryError(ResurgeError):
    exit_code = 9


class RepositoryNotFound(RepositoryError):
    exit_code = 10


class AlreadyRunning(ResurgeError):
    exit_code = 11


class WrongPassword(RepositoryError):
    exit_code = 12


class RepositoryDamaged(RepositoryError):
    exit_code = 13


class RepositoryExists(RepositoryError):
    exit_code = 14


class SnapshotNotFound(RepositoryError):
    exit_code = 15


class EstateError(ResurgeError):
    exit_code = 20


class EstateNotFound(EstateError):
    exit_code = 21


class ComponentNotFound(EstateError):
    exit_code = 22


class SourceMissing(ResurgeError):
    exit_code = 23


class IncidentNotFound(ResurgeError):
    exit_code = 24


class StorageFull(ResurgeError):
    exit_code = 30


class AccessDenied(ResurgeError):
    exit_code = 31


class PortTaken(ResurgeError):
    exit_code = 32


class StateDamaged(ResurgeError):
    exit_code = 33


class LedgerBroken(ResurgeError):
    exit_code = 40


class RecoveryFailed(ResurgeError):
    exit_code = 42


class NotAllowed(ResurgeError):
    exit_code = 43


class Interrupted(ResurgeError):
    exit_code = 130
