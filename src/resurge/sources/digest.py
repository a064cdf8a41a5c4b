"""The name of a file's content: BLAKE3, as the vault's nodes carry it."""

from pathlib import Path

from blake3 import blake3

READ_BYTES = 1 << 20


def digest_file(path: Path | str) -> str:
    """BLAKE3 in hex of all of the content, in bounded memory. Raises OSError."""
    hasher = blake3()
    with Path(path).open("rb", buffering=0) as file:
        while piece := file.read(READ_BYTES):
            hasher.update(piece)
    return hasher.hexdigest()
