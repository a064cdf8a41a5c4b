"""Faults of files: a bit flipped, an end cut off, a folder deleted, a database overwritten, encryption."""

import os
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from resurge.demo.injector.scene import Detail, Scene, is_sound

RANSOM_NOTE = "README_TO_DECRYPT.txt"
LOCKED = ".locked"
LOCKED_SHARE = 0.2


def flip_bit(scene: Scene) -> Detail:
    """One bit of the tensors, in place, so that the file stays well-formed."""
    with scene.layout.model.open("r+b", buffering=0) as file:
        first = 8 + int.from_bytes(file.read(8), "little")  # the format: 8 bytes say how long the header is
        offset = scene.chance.randrange(first, os.fstat(file.fileno()).st_size)
        bit = scene.chance.randrange(8)
        before = os.pread(file.fileno(), 1, offset)[0]
        os.pwrite(file.fileno(), bytes([before ^ 1 << bit]), offset)
    return {"file": str(scene.layout.model), "offset": offset, "bit": bit}


def truncate_model(scene: Scene) -> Detail:
    size = scene.layout.model.stat().st_size
    left = scene.chance.randrange(size // 10, size * 9 // 10)
    os.truncate(scene.layout.model, left)
    return {"file": str(scene.layout.model), "bytes_before": size, "bytes_left": left}


def delete_dataset(scene: Scene) -> Detail:
    files = sum(1 for _ in scene.layout.dataset.iterdir())
    _delete(scene.layout.dataset)
    return {"folder": str(scene.layout.dataset), "files": files}


def lose_repository(scene: Scene) -> Detail:
    _delete(scene.repository)
    return {"folder": str(scene.repository)}


def _delete(folder: Path) -> None:
    """Gone in one moment: whoever puts it back at once is not hurt by the rest of the deletion, and whoever
    writes into it does not keep it alive."""
    doomed = folder.with_name(f".{folder.name}.deleted-{time.time_ns()}")
    folder.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


def corrupt_database(scene: Scene) -> Detail:
    """The first page, which says that it is a database, and others; more until it really is broken."""
    database = scene.layout.database
    _empty_the_log(database)
    with database.open("r+b", buffering=0) as file:
        header = file.read(18)
        page_bytes = int.from_bytes(header[16:18], "big") or 4096
        page_bytes = 65536 if page_bytes == 1 else page_bytes
        pages = max(1, os.fstat(file.fileno()).st_size // page_bytes)
        chosen = {0, *scene.chance.sample(range(pages), max(1, pages // 3))}
        while True:
            for page in sorted(chosen):
                os.pwrite(file.fileno(), scene.chance.randbytes(page_bytes), page * page_bytes)
            os.fsync(file.fileno())
            if not _reads_as_sound(database) or len(chosen) == pages:
                break
            _empty_the_log(database)
            chosen |= set(scene.chance.sample(range(pages), min(pages, 2 * len(chosen))))
    return {"file": str(database), "page_bytes": page_bytes, "pages": sorted(page + 1 for page in chosen)}


def _empty_the_log(database: Path) -> None:
    """Pages that wait in the write-ahead log would hide the damage, and heal it later."""
    try:
        connection = sqlite3.connect(f"file:{quote(str(database))}?mode=rw", uri=True, timeout=1)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()
    except sqlite3.Error:
        return  # damaged already, which is what is wanted


def _reads_as_sound(database: Path) -> bool:
    """Asked of a copy, so that the question leaves no trace beside the original."""
    with tempfile.TemporaryDirectory(dir=database.parent, prefix=".integrity-") as folder:
        copy = Path(folder) / "copy.db"
        shutil.copyfile(database, copy)
        log = database.with_name(f"{database.name}-wal")
        if log.exists():
            shutil.copyfile(log, copy.with_name("copy.db-wal"))
        return is_sound(copy)


def encrypt_dataset(scene: Scene) -> Detail:
    """What ransomware does: file after file becomes noise of the same size, some get another name."""
    folder = scene.layout.dataset
    victims = scene.chance.sample(sorted(scene.dataset), min(len(scene.dataset), scene.chance.randint(150, 400)))
    pause = scene.chance.uniform(0.5, 1.0) / len(victims)
    started = time.monotonic()
    encrypted = renamed = 0
    for number, name in enumerate(victims):
        try:
            with (folder / name).open("r+b") as file:
                file.write(scene.chance.randbytes(os.fstat(file.fileno()).st_size))
            encrypted += 1
            if scene.chance.random() < LOCKED_SHARE:
                (folder / name).rename(folder / f"{name}{LOCKED}")
                renamed += 1
        except FileNotFoundError:
            continue  # somebody set it aside meanwhile
        time.sleep(max(0.0, started + (number + 1) * pause - time.monotonic()))
    if folder.exists():
        (folder / RANSOM_NOTE).write_text("Your files are encrypted. Pay, and you get the key.\n")
    return {
        "folder": str(folder),
        "encrypted": encrypted,
        "renamed": renamed,
        "seconds": round(time.monotonic() - started, 3),
    }
