"""Several writers at once, in threads and in processes, without a lock."""

import os
import threading
from pathlib import Path

from resurge.vault import Repository, Snapshot
from resurge.vault.storage.memory import MemoryStore
from tests.vault.kit import CHEAP, PASSWORD, FaultyStore, back_up, picture
from tests.vault.test_crash import start


def _trees(folder: Path, count: int) -> list[Path]:
    """Half of each is shared by all, half is its own."""
    shared = [os.urandom(400_000) for _ in range(5)]
    roots = []
    for number in range(count):
        root = folder / f"tree{number}"
        root.mkdir()
        for at, data in enumerate(shared):
            (root / f"shared{at}").write_bytes(data)
            (root / f"own{at}").write_bytes(os.urandom(300_000))
        roots.append(root)
    return roots


def _all_restore(location: str, roots: list[Path], folder: Path) -> None:
    fresh = Repository.open(location, PASSWORD)
    assert fresh.check(read_data=True).problems == ()
    for root in roots:
        snapshot = fresh.find("latest", component=root.name)
        fresh.restore(snapshot, folder / "out" / root.name, subtree=root.name)
        assert picture(folder / "out" / root.name) == picture(root)


def test_threads_share_one_repository(repository: Repository, tmp_path: Path) -> None:
    roots = _trees(tmp_path, 4)
    barrier = threading.Barrier(len(roots))
    snapshots: list[Snapshot] = []

    def work(root: Path) -> None:
        barrier.wait()
        for _ in range(3):
            snapshots.append(back_up(repository, root, component=root.name))
            repository.restore(snapshots[-1], tmp_path / "own" / root.name)

    threads = [threading.Thread(target=work, args=(root,)) for root in roots]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(snapshots) == len(repository.snapshots()) == 12
    _all_restore(repository.location, roots, tmp_path)


def test_processes_share_one_repository(repository: Repository, tmp_path: Path) -> None:
    roots = _trees(tmp_path, 3)
    workers = [start("backup", repository.location, str(root), root.name) for root in roots[:2]]
    back_up(repository, roots[2], component=roots[2].name)
    ids = {worker.communicate()[0].strip() for worker in workers}
    assert [worker.returncode for worker in workers] == [0, 0]
    assert ids < {each.id for each in repository.snapshots()}
    _all_restore(repository.location, roots, tmp_path)


def test_a_snapshot_lists_the_packs_of_others_that_it_needs(tmp_path: Path) -> None:
    """Writer A has uploaded a pack and not listed it yet; B uses it, publishes, and A dies."""
    (root,) = _trees(tmp_path, 1)
    store = FaultyStore(MemoryStore())
    dying = Repository.create_in(store, PASSWORD, kdf=CHEAP)

    def die_before_index(_count: int, name: str, data: bytes) -> bytes:
        if name.startswith("index/"):
            raise KeyboardInterrupt
        return data

    store.on_put = die_before_index
    try:
        back_up(dying, root)
    except KeyboardInterrupt:
        pass
    else:
        raise AssertionError("it was to be interrupted")
    store.on_put = lambda _count, _name, data: data
    survivor = Repository.open_in(store, PASSWORD)
    snapshot = back_up(survivor, root)
    assert snapshot.added_bytes < 10_000
    assert survivor.check(read_data=True).problems == ()
    order = [name.partition("/")[0] for name in store.puts]
    assert order.index("index") < order.index("snapshots")


def test_what_the_store_returns_wrongly_is_refused(tmp_path: Path) -> None:
    """Wrong bytes on the way back, once: nothing wrong is ever handed on."""
    (root,) = _trees(tmp_path, 1)
    store = FaultyStore(MemoryStore())
    repository = Repository.create_in(store, PASSWORD, kdf=CHEAP)
    snapshot = back_up(repository, root)
    lies = 0

    def lie(name: str, data: bytes) -> bytes:
        nonlocal lies
        if name.startswith("packs/") and len(data) > 1000:
            lies += 1
            return data[:-1000] + bytes(1000)
        return data

    store.on_get = lie
    outcomes = []
    for name in sorted(path.name for path in root.iterdir()):
        try:
            read = b"".join(repository.read(snapshot, f"{root.name}/{name}"))
            outcomes.append(read == (root / name).read_bytes())
        except Exception as problem:  # noqa: BLE001 (the kind is asserted below)
            outcomes.append(type(problem).__name__ == "BadObject")
    assert lies
    assert all(outcomes)
