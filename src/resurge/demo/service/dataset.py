"""The data set as files: scikit-learn's digits, three to a sheet (a text image, PGM "P2"), and their labels.

    python -m resurge.demo.service.dataset SERVICE_FOLDER

The digits are the test part of E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI
Machine Learning Repository, 1998 (doi:10.24432/C50P49): 1,797 images of 8 × 8 pixels, values 0 to 16.
Only this builder needs scikit-learn; training reads the files.
"""

import argparse
import csv
import gzip
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from resurge.demo.service.failure import ServiceFailure, exit_code_of
from resurge.demo.service.layout import LABELS, Layout

SIDE = 8
PIXELS = SIDE * SIDE
SHEET = 3  # images in one file, one below the other
BRIGHTEST = 16
CLASSES = 10


@dataclass(frozen=True, slots=True)
class Digits:
    images: NDArray[np.float32]  # (count, 64), values 0 to 16
    labels: NDArray[np.int64]  # (count,)


def build(layout: Layout) -> int:
    """Write every sheet anew; returns how many images there are."""
    table = _shipped_table()
    layout.dataset.mkdir(parents=True, exist_ok=True)
    lines = ["file,place,label"]
    for number, start in enumerate(range(0, len(table), SHEET)):
        name, sheet = f"sheet-{number:04d}.pgm", table[start : start + SHEET]
        (layout.dataset / name).write_text(_as_pgm(sheet[:, :PIXELS], number))
        lines.extend(f"{name},{place},{label}" for place, label in enumerate(sheet[:, PIXELS]))
    (layout.dataset / LABELS).write_text("\n".join(lines) + "\n")
    return len(table)


def read(folder: Path) -> Digits:
    """All images that the labels name, in that order."""
    try:
        with (folder / LABELS).open(newline="") as file:
            rows = [(row["file"], int(row["place"]), int(row["label"])) for row in csv.DictReader(file)]
        sheets = {name: _from_pgm(folder / name) for name, _, _ in rows}
        images = np.array([sheets[name][place] for name, place, _ in rows], dtype=np.float32)
    except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise ServiceFailure(f"the data set in {folder} cannot be read: {error}") from error
    if not rows:
        raise ServiceFailure(f"the data set in {folder} is empty")
    return Digits(images, np.array([label for _, _, label in rows], dtype=np.int64))


def _shipped_table() -> NDArray[np.int64]:
    """(1797, 65): pixels and label. Read without importing scikit-learn, which takes longer than the rest."""
    package = find_spec("sklearn")
    if package is None or package.origin is None:
        raise ServiceFailure("scikit-learn is not installed: pip install 'resurge[demo]'")
    shipped = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz"
    with gzip.open(shipped, "rt") as file:
        return np.loadtxt(file, delimiter=",", dtype=np.float64).astype(np.int64)


def _as_pgm(images: NDArray[np.int64], number: int) -> str:
    lines = images.reshape(-1, SIDE)
    rows = "\n".join(" ".join(f"{value:2d}" for value in row) for row in lines)
    return f"P2\n# handwritten digits, sheet {number}\n{SIDE} {len(lines)}\n{BRIGHTEST}\n{rows}\n"


def _from_pgm(path: Path) -> NDArray[np.float32]:
    """(images of the sheet, 64)."""
    lines = path.read_text(encoding="ascii").splitlines()
    words = " ".join(line for line in lines if not line.startswith("#")).split()
    if words[:2] != ["P2", str(SIDE)] or words[3] != str(BRIGHTEST) or len(words) != 4 + SIDE * int(words[2]):
        raise ValueError(f"{path.name} is no sheet of images of {SIDE} × {SIDE} pixels")
    return np.array([int(word) for word in words[4:]], dtype=np.float32).reshape(-1, PIXELS)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m resurge.demo.service.dataset", description="Build it.")
    parser.add_argument("service", type=Path, help="the service folder")
    layout = Layout(parser.parse_args().service.absolute())
    print(f"{build(layout)} images in {layout.dataset}")
    return 0


if __name__ == "__main__":
    sys.exit(exit_code_of(main))
