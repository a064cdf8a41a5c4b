import csv
import gzip
import math
import random
import shutil
from collections import Counter
from importlib.metadata import distribution
from pathlib import Path

import pytest

from resurge.demo.service import dataset
from resurge.demo.service.failure import ServiceFailure
from resurge.demo.service.layout import LABELS, Layout


def bits_per_byte(data: bytes) -> float:
    return -sum(n / len(data) * math.log2(n / len(data)) for n in Counter(data).values())


def test_the_files_say_what_scikit_learn_ships(prepared: Layout) -> None:
    table = distribution("scikit-learn").locate_file("sklearn/datasets/data/digits.csv.gz")
    with gzip.open(str(table), "rt") as file:
        shipped = [[int(float(value)) for value in row] for row in csv.reader(file)]
    read = dataset.read(prepared.dataset)
    assert len(list(prepared.dataset.iterdir())) == 1797 / dataset.SHEET + 1
    assert read.images.tolist() == [row[:64] for row in shipped]
    assert read.labels.tolist() == [row[64] for row in shipped]


def test_every_file_is_far_from_noise(prepared: Layout) -> None:
    for path in prepared.dataset.iterdir():
        data = path.read_bytes()
        assert bits_per_byte(data) < 4.2 < 6 < bits_per_byte(random.Random(1).randbytes(len(data)))


def test_building_again_repairs_and_changes_nothing_else(whole: Layout) -> None:
    before = {path.name: path.read_bytes() for path in whole.dataset.iterdir()}
    (whole.dataset / "sheet-0003.pgm").write_bytes(b"noise")
    (whole.dataset / "sheet-0004.pgm").unlink()
    assert dataset.build(whole) == 1797
    assert {path.name: path.read_bytes() for path in whole.dataset.iterdir()} == before


def small(folder: Path, prepared: Layout) -> Path:
    folder.mkdir()
    (folder / LABELS).write_text("file,place,label\nsheet-0000.pgm,0,0\n")
    shutil.copy(prepared.dataset / "sheet-0000.pgm", folder)
    return folder


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "sheet-0000.pgm").unlink(),
        lambda folder: (folder / "sheet-0000.pgm").write_bytes(random.Random(2).randbytes(200)),
        lambda folder: (folder / "sheet-0000.pgm").write_text("P2\n8 8\n16\n1 2 3\n"),
        lambda folder: (folder / "sheet-0000.pgm").write_text(""),
        lambda folder: (folder / LABELS).write_text("file,place,label\nsheet-0000.pgm,9,0\n"),
        lambda folder: (folder / LABELS).unlink(),
        lambda folder: (folder / LABELS).write_text(""),
        lambda folder: (folder / LABELS).write_text("file,place,label\nsheet-0000.pgm,0,zero\n"),
        shutil.rmtree,
    ],
)
def test_a_damaged_data_set_is_named(damage, prepared: Layout, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    folder = small(tmp_path / "dataset", prepared)
    assert dataset.read(folder).labels.tolist() == [0]
    damage(folder)
    with pytest.raises(ServiceFailure, match="dataset"):
        dataset.read(folder)
