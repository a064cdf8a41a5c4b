"""Read tensor files without trusting them: every length is checked against the file before it is believed.

Formats: safetensors (https://github.com/huggingface/safetensors, "Format"), and NumPy's .npy and .npz
(https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). No pickle is ever opened.
"""

import json
import math
import os
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, TypeGuard

import numpy as np

MAX_HEADER_BYTES = 100_000_000  # the limit that the safetensors library sets
MAX_NPY_HEADER_BYTES = 64 * 1024
READ_BYTES = 4 << 20

# bits per element
_DTYPE_BITS = {
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8,
    "U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32,
    "U64": 64, "I64": 64, "F64": 64, "C64": 64,
}  # fmt: skip


class MalformedTensors(Exception):
    """What is wrong with the file, for the end of a sentence."""


def first_not_finite(path: Path) -> str | None:
    """The name of the first tensor that holds NaN or infinity. Raises MalformedTensors, OSError."""
    with path.open("rb") as file:
        if path.suffix == ".safetensors":
            return _safetensors(file)
        if path.suffix == ".npy":
            return None if _npy_is_finite(file, os.fstat(file.fileno()).st_size) else path.stem
        return _npz(file)


def _safetensors(file: IO[bytes]) -> str | None:
    file_bytes = os.fstat(file.fileno()).st_size
    prefix = file.read(8)
    if len(prefix) < 8:
        raise MalformedTensors("it is shorter than its header")
    header_bytes = int.from_bytes(prefix, "little")
    if header_bytes > min(MAX_HEADER_BYTES, file_bytes - 8):
        raise MalformedTensors(f"its header claims {header_bytes} bytes of a file of {file_bytes}")
    tensors = _layout(_parse_header(file.read(header_bytes)), file_bytes - 8 - header_bytes)
    for name, dtype, begin, end in tensors:
        file.seek(8 + header_bytes + begin)
        if not all(_is_finite(piece, dtype) for piece in _pieces(file, end - begin)):
            return name
    return None


def _parse_header(header: bytes) -> dict[str, Any]:
    def refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise MalformedTensors("its header names a key twice")
        return dict(pairs)

    if not header.startswith(b"{"):
        raise MalformedTensors("its header does not begin with '{'")
    try:
        parsed = json.loads(header, object_pairs_hook=refuse_duplicates)
    except (ValueError, RecursionError) as error:
        raise MalformedTensors("its header is not JSON") from error
    if not isinstance(parsed, dict):
        raise MalformedTensors("its header is not a JSON object")
    return parsed


def _layout(header: dict[str, Any], data_bytes: int) -> list[tuple[str, str, int, int]]:
    """Name, dtype, begin and end of each tensor, which must fill the data without a hole or an overlap."""
    tensors = []
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        if not isinstance(entry, dict):
            raise MalformedTensors(f"the entry of tensor {name!r} is not an object")
        dtype, shape, offsets = entry.get("dtype"), entry.get("shape"), entry.get("data_offsets")
        if not (_are_counts(shape) and _are_counts(offsets) and len(offsets) == 2):
            raise MalformedTensors(f"tensor {name!r} has no valid shape or offsets")
        if not isinstance(dtype, str) or dtype not in _DTYPE_BITS:
            raise MalformedTensors(f"tensor {name!r} has an unknown type")
        begin, end = offsets
        if math.prod(shape) * _DTYPE_BITS[dtype] != (end - begin) * 8:
            raise MalformedTensors(f"the shape of tensor {name!r} does not fit its bytes")
        tensors.append((name, dtype, begin, end))
    tensors.sort(key=lambda tensor: tensor[2:])
    position = 0
    for name, _, begin, end in tensors:
        if begin != position:
            raise MalformedTensors(f"tensor {name!r} leaves a hole or overlaps another")
        position = end
    if position != data_bytes:
        raise MalformedTensors(f"its header describes {position} bytes of data, the file holds {data_bytes}")
    return tensors


def _are_counts(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(number) is int and 0 <= number < 1 << 63 for number in value)


def _npz(file: IO[bytes]) -> str | None:
    try:
        with zipfile.ZipFile(file) as archive:
            for info in archive.infolist():
                if not info.filename.endswith(".npy"):
                    continue
                with archive.open(info) as member:
                    if not _npy_is_finite(member, info.file_size):
                        return info.filename.removesuffix(".npy")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise MalformedTensors(f"its archive is damaged ({error})") from error
    return None


def _npy_is_finite(file: IO[bytes], total_bytes: int) -> bool:
    try:
        major, _ = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file, max_header_size=MAX_NPY_HEADER_BYTES)
    except OSError:
        raise
    except Exception as error:  # a hostile header fails in many ways inside the parser
        raise MalformedTensors("its header is not NumPy's") from error
    if dtype.hasobject:
        return True  # a pickle: never opened, so nothing can be said
    if any(count < 0 for count in shape) or file.tell() + math.prod(shape) * dtype.itemsize != total_bytes:
        raise MalformedTensors("the shape in its header does not fit its bytes")
    kind = {2: "F16", 4: "F32", 8: "F64"}.get(dtype.itemsize // (2 if dtype.kind == "c" else 1), "")
    pieces = _pieces(file, math.prod(shape) * dtype.itemsize)
    if dtype.kind not in "fc" or not kind:
        kind = "U8"  # any bits are good; still read to the end, where an archive checks its checksum
    swap = dtype.byteorder == ">"
    return all(_is_finite(piece, kind, swap=swap) for piece in pieces)


def _pieces(file: IO[bytes], total_bytes: int) -> Iterator[bytes]:
    """Exactly `total_bytes`, in pieces that end on an element's edge."""
    while total_bytes:
        piece = file.read(min(READ_BYTES, total_bytes))
        if not piece:
            raise MalformedTensors("it ends before its data does")
        while len(piece) % 8 and len(piece) < total_bytes:  # a short read from an archive
            more = file.read(min(8 - len(piece) % 8, total_bytes - len(piece)))
            if not more:
                raise MalformedTensors("it ends before its data does")
            piece += more
        total_bytes -= len(piece)
        yield piece


def _is_finite(piece: bytes, dtype: str, *, swap: bool = False) -> bool:
    """NaN and infinity have all exponent bits set (IEEE 754); BF16 is the upper half of F32."""
    if dtype in {"F32", "F64", "C64"}:
        numbers = np.frombuffer(piece, dtype=(">" if swap else "<") + ("f8" if dtype == "F64" else "f4"))
        return bool(np.isfinite(numbers).all())
    bits: np.ndarray[Any, Any]
    if dtype in {"F16", "BF16"}:
        exponent = 0x7C00 if dtype == "F16" else 0x7F80
        bits = np.frombuffer(piece, dtype=">u2" if swap else "<u2")
        return not bool(((bits & exponent) == exponent).any())
    bits = np.frombuffer(piece, dtype=np.uint8)
    if dtype == "F8_E5M2":
        return not bool(((bits & 0x7C) == 0x7C).any())
    if dtype == "F8_E4M3":
        return not bool(((bits & 0x7F) == 0x7F).any())
    if dtype == "F8_E8M0":
        return not bool((bits == 0xFF).any())
    return True
