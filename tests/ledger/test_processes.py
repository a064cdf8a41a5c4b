"""Several processes, and processes that are killed in the middle of an append."""

import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

from resurge.ledger import Ledger

APPEND = """
import sys
from pathlib import Path
from resurge.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
for number in range(int(sys.argv[3])):
    ledger.append("backup", sys.argv[2], {"number": number}, key=f"{sys.argv[2]}-{number}")
    ledger.append("run", "shared", {"by": sys.argv[2]}, key=f"shared-{number}")
    print(number, flush=True)
"""


def _start(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", APPEND, str(folder), name, str(count)], stdout=subprocess.PIPE, text=True
    )


def test_four_processes_at_once_lose_nothing_and_seal_shared_keys_once(tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    running = [_start(folder, f"p{number}", 40) for number in range(4)]
    for process in running:
        process.communicate(timeout=60)
    assert [process.returncode for process in running] == [0] * 4
    verification = Ledger(folder).verify()
    assert (verification.good, verification.size) == (True, 4 * 40 + 40)
    keys = [entry.key for entry in Ledger(folder).entries()]
    assert len(set(keys)) == 200
    for number in range(4):  # each process's own entries are in its own order
        assert [key for key in keys if key and key.startswith(f"p{number}-")] == [f"p{number}-{n}" for n in range(40)]


def test_killed_again_and_again_what_was_acknowledged_is_there_once(tmp_path: Path) -> None:
    folder, chance = tmp_path / "ledger", random.Random(7)
    acknowledged = -1
    for _ in range(8):
        process = _start(folder, "p", 10_000)
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 30)):
            acknowledged = max(acknowledged, int(process.stdout.readline()))
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=30)
        ledger = Ledger(folder)
        assert ledger.verify().good
        keys = [entry.key for entry in ledger.entries()]
        assert len(keys) == len(set(keys))
        assert {f"p-{number}" for number in range(acknowledged + 1)} <= set(keys)
    Ledger(folder).append("backup", "after", {})
    assert Ledger(folder).verify().good


def test_threads_of_one_object_and_two_objects_of_one_process(tmp_path: Path) -> None:
    ledgers = [Ledger(tmp_path), Ledger(tmp_path)]

    def work(name: int) -> None:
        for number in range(15):
            ledgers[name % 2].append("backup", str(name), {}, key=f"{name}-{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledgers[0].head() == ledgers[1].head()
    assert (ledgers[0].verify().good, ledgers[0].head().size) == (True, 60)
