"""The demo under many seeds, for real: whatever the order and the times, every promise is kept.

What was measured is written to proofs/results/demo-seeds.json, to be committed.
"""

import json
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resurge import __version__

ROOT = Path(__file__).resolve().parents[2]
RESULT = ROOT / "proofs" / "results" / "demo-seeds.json"
SEEDS = range(1, 6)
DEMO_SECONDS = 120


def run_demo(folder: Path, *options: str) -> dict[str, object]:
    """One row of the result; the demo's own output goes with a failure."""
    before = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-m", "resurge", "demo", "--plain", "--folder", str(folder), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4000:] + ran.stderr[-4000:]
    report = json.loads((folder / "report.json").read_text())
    return {
        "options": " ".join(options),
        "wall_seconds": round(time.monotonic() - before, 1),
        "promises_kept": report["kept"],
        "totals": report["totals"],
    }


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_every_seed_keeps_every_promise(tmp_path: Path) -> None:
    rows = [run_demo(tmp_path / str(seed), "--seed", str(seed)) for seed in SEEDS]
    quiet = run_demo(tmp_path / "quiet", "--seed", "1", "--faults", "none")
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(
        json.dumps(
            {
                "version": __version__,
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
                "python": platform.python_version(),
                "runs": [*rows, quiet],
            },
            indent=2,
        )
        + "\n"
    )
    assert all(row["promises_kept"] for row in rows)
    assert all(float(str(row["wall_seconds"])) < DEMO_SECONDS for row in rows)
    totals = quiet["totals"]
    assert isinstance(totals, dict)
    assert totals["incidents"] == 0
