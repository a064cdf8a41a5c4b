"""Tensor files, good, poisoned, torn and hostile."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save, save_file

from resurge.incidents.records import Symptom
from resurge.sources.digest import digest_file
from resurge.sources.entropy import sample_entropy, shannon_entropy
from resurge.sources.health import examine_tensors

NOT_FINITE = {"F64": 0x7FF0 << 48, "F32": 0x7F800000, "F16": 0x7C00, "BF16": 0x7F80, "F8_E5M2": 0x7C, "F8_E4M3": 0x7F}
BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "F8_E5M2": 1, "F8_E4M3": 1}


def safetensors(path: Path, dtype: str, values: list[int]) -> Path:
    """Written from the format's description, bits as given."""
    data = b"".join(value.to_bytes(BYTES[dtype], "little") for value in values)
    entry = {"dtype": dtype, "shape": [len(values)], "data_offsets": [0, len(data)]}
    header = json.dumps({"w": entry, "__metadata__": {"step": "1"}}).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    return path


@pytest.mark.parametrize("dtype", NOT_FINITE)
@pytest.mark.parametrize("where", [0, 1, 600_000])
def test_one_number_that_is_not_finite_is_found_in_every_type(tmp_path: Path, dtype: str, where: int) -> None:
    values = [0] * 600_001
    assert examine_tensors(safetensors(tmp_path / "a.safetensors", dtype, values)).good
    values[where] = NOT_FINITE[dtype]
    found = examine_tensors(safetensors(tmp_path / "a.safetensors", dtype, values))
    assert found.symptom is Symptom.TENSOR_NOT_FINITE
    assert "'w'" in found.summary
    values[where] = NOT_FINITE[dtype] - 1  # the largest number that is one
    assert examine_tensors(safetensors(tmp_path / "a.safetensors", dtype, values)).good


def test_numpy_files(tmp_path: Path) -> None:
    good = np.arange(12.0).reshape(3, 4)
    bad = good.astype(">f4")
    bad[1, 1] = np.inf
    for name, array in {"good": good, "ints": np.arange(5), "empty": np.zeros((0, 3)), "text": np.array(["a"])}.items():
        np.save(tmp_path / f"{name}.npy", array)
        assert examine_tensors(tmp_path / f"{name}.npy").good, name
    np.save(tmp_path / "bad.npy", bad)
    assert examine_tensors(tmp_path / "bad.npy").symptom is Symptom.TENSOR_NOT_FINITE
    np.save(tmp_path / "complex.npy", np.array([1 + 1j, complex(0, np.nan)]))
    assert examine_tensors(tmp_path / "complex.npy").symptom is Symptom.TENSOR_NOT_FINITE
    np.savez_compressed(tmp_path / "good.npz", a=good, b=np.zeros(1_000_000))
    assert examine_tensors(tmp_path / "good.npz").good
    np.savez(tmp_path / "bad.npz", a=good, b=bad)
    found = examine_tensors(tmp_path / "bad.npz")
    assert found.symptom is Symptom.TENSOR_NOT_FINITE
    assert "'b'" in found.summary


@pytest.mark.parametrize("name", ["a.safetensors", "a.npy", "a.npz"])
def test_every_cut_is_malformed(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    array = np.arange(50, dtype=np.float32)
    writers = {"a.safetensors": lambda: save_file({"w": array}, path), "a.npy": lambda: np.save(path, array)}
    writers.get(name, lambda: np.savez(path, w=array))()
    whole = path.read_bytes()
    assert examine_tensors(path).good
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        assert examine_tensors(path).symptom is Symptom.TENSOR_FILE_MALFORMED, length
    path.write_bytes(whole + b"x" * 3)
    assert name.endswith("npz") or not examine_tensors(path).good


@pytest.mark.parametrize(
    "entry",
    [
        {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]},
        {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]},
        {"dtype": "F33", "shape": [2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]},
        {"dtype": "F32", "shape": [1 << 62, 1 << 62], "data_offsets": [0, 8]},
        {"dtype": ["F32"], "shape": [2], "data_offsets": [0, 8]},
        {"dtype": "F32", "shape": 2, "data_offsets": [0, 8]},
        [],
        None,
    ],
)
def test_a_header_that_does_not_fit_is_malformed(tmp_path: Path, entry: object) -> None:
    header = json.dumps({"w": entry}).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(8))
    assert examine_tensors(path).symptom is Symptom.TENSOR_FILE_MALFORMED


def test_a_header_that_claims_everything_costs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    for claimed in (1 << 62, (1 << 64) - 1, 100_000_001):
        path.write_bytes(claimed.to_bytes(8, "little") + b"{}")
        assert examine_tensors(path).symptom is Symptom.TENSOR_FILE_MALFORMED
    path.write_bytes((200_000).to_bytes(8, "little") + b"{" + b'"a":[' * 39_999 + b"    ")
    assert examine_tensors(path).symptom is Symptom.TENSOR_FILE_MALFORMED


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(st.sampled_from(["a.safetensors", "a.npy", "a.npz"]), st.binary(max_size=300))
def test_no_bytes_at_all_make_it_raise(tmp_path: Path, name: str, data: bytes) -> None:
    magic = {"a.npy": b"\x93NUMPY\x01\x00", "a.npz": b"PK\x03\x04"}.get(name, b"")
    for content in (data, magic + data, len(data).to_bytes(8, "little") + data):
        (tmp_path / name).write_bytes(content)
        examine_tensors(tmp_path / name)


@FUZZ
@given(st.integers(0, 10_000), st.integers(1, 255))
def test_a_good_file_with_one_byte_changed_never_makes_it_raise(tmp_path: Path, where: int, change: int) -> None:
    data = bytearray(save({"w": np.arange(8, dtype=np.float16), "b": np.arange(8)}))
    data[where % len(data)] ^= change
    (tmp_path / "a.safetensors").write_bytes(data)
    assert examine_tensors(tmp_path / "a.safetensors").summary


def test_other_suffixes_are_good_unread_and_a_missing_file_is_missing(tmp_path: Path) -> None:
    assert examine_tensors(tmp_path / "x.txt").good
    assert examine_tensors(tmp_path / "x.npy").symptom is Symptom.CONTENT_MISSING
    (tmp_path / "folder.npy").mkdir()
    assert examine_tensors(tmp_path / "folder.npy").symptom is Symptom.TENSOR_FILE_MALFORMED


def test_entropy_and_digest(tmp_path: Path) -> None:
    assert shannon_entropy(b"") == 0.0
    assert shannon_entropy(b"a" * 100) == 0.0
    assert shannon_entropy(bytes(range(256))) == 8.0
    path = tmp_path / "x"
    path.write_bytes(b"\0" * 65536 + bytes(range(256)) * 4096)
    assert sample_entropy(path) == 0.0
    assert sample_entropy(path, 1 << 20) > 7
    path.write_bytes(b"")
    assert digest_file(path) == "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
