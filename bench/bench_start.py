"""How fast the command line answers, as whole processes: the limit is 150 ms."""

import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

from resurge import __version__

RESULT = Path(__file__).parent / "results" / "start.json"
RUNS = 21
LIMIT_SECONDS = 0.150


def median_seconds(option: str) -> float:
    """One run warms the caches and does not count."""
    times = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        command = [str(Path(sys.executable).parent / "resurge"), option]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - began)
    return round(statistics.median(times[1:]), 4)


def main() -> None:
    measured = {option: median_seconds(option) for option in ("--version", "--help")}
    machine = {"machine": platform.machine(), "system": platform.platform(), "python": platform.python_version()}
    result = {
        "version": __version__,
        **machine,
        "runs": RUNS,
        "limit_seconds": LIMIT_SECONDS,
        "median_seconds": measured,
    }
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
