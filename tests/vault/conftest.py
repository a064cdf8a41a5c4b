"""A repository in a folder, and something worth keeping."""

import os
from pathlib import Path

import pytest

from resurge.vault import Repository
from tests.vault.kit import CHEAP, PASSWORD


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.create(str(tmp_path / "repository"), PASSWORD, kdf=CHEAP)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """One of each kind, and every size at which something changes."""
    root = tmp_path / "source"
    root.mkdir()
    for size in (0, 1, 4096, 256 * 1024, 256 * 1024 + 1, 5 * 1024 * 1024):
        (root / f"bytes-{size}").write_bytes(os.urandom(size))
    (root / "text").write_text("the same line\n" * 400_000)
    (root / "below" / "deeper").mkdir(parents=True)
    (root / "below" / "deeper" / "twin").write_bytes((root / "bytes-4096").read_bytes())
    (root / "empty").mkdir()
    (root / "link").symlink_to("below/deeper/twin")
    (root / "dangling").symlink_to("/nowhere/at/all")
    os.mkfifo(root / "pipe", 0o640)
    (root / os.fsdecode(b"not-utf8-\xff\xfe")).write_bytes(b"name")
    (root / "script").write_text("#!/bin/sh\n")
    (root / "script").chmod(0o754)
    os.utime(root / "text", ns=(1, 1_234_567_890_123_456_789))
    os.utime(root / "below", ns=(1, 1_000_000_000_000_000_001))
    (root / "below" / "deeper").chmod(0o555)
    return root
