"""A process of its own for tests that kill it: `worker.py backup|restore REPOSITORY FOLDER [COMPONENT]`."""

import sys
from pathlib import Path

from resurge.vault import Repository
from tests.vault.kit import PASSWORD, back_up


def main(verb: str, location: str, folder: str, component: str = "") -> None:
    repository = Repository.open(location, PASSWORD)
    if verb == "backup":
        print(back_up(repository, Path(folder), component=component).id)
    else:
        repository.restore("latest", Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
