"""Every situation has an exit code of its own, and the picture in the docstring is true."""

import re

from resurge.core import errors
from resurge.core.errors import ResurgeError


def classes() -> list[type[ResurgeError]]:
    return [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, ResurgeError)]


def drawn() -> dict[str, tuple[int, int]]:
    """Name → depth in the tree and exit code, as the docstring draws them."""
    assert errors.__doc__ is not None
    rows = re.findall(r"^ {4}([│├└─ ]*)([A-Z]\w+) +(\d+)", errors.__doc__, re.MULTILINE)
    return {name: (len(branch) // 4, int(code)) for branch, name, code in rows}


def test_the_picture_shows_every_class_at_its_depth_with_its_exit_code() -> None:
    true = {cls.__name__: (len(cls.__mro__) - len(ResurgeError.__mro__), cls.exit_code) for cls in classes()}
    assert drawn() == true


def test_exit_codes_are_unique_and_fit() -> None:
    codes = [cls.exit_code for cls in classes()]
    assert len(set(codes)) == len(codes)
    assert all(0 < code < 256 for code in codes)
    assert 2 not in codes  # a mistake on the command line


def test_exit_codes_that_users_of_restic_know() -> None:
    assert errors.PartialBackup.exit_code == 3
    assert errors.RepositoryNotFound.exit_code == 10
    assert errors.AlreadyRunning.exit_code == 11
    assert errors.WrongPassword.exit_code == 12
    assert errors.Interrupted.exit_code == 130


def test_an_error_says_what_happened_and_what_to_do() -> None:
    error = errors.SourceMissing("/data is gone", "Mount it.")
    assert (str(error), error.advice) == ("/data is gone", "Mount it.")
    assert errors.SourceMissing("/data is gone").advice == ""
