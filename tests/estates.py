"""Small real estates on disk: files, a database, a service that answers, two repositories."""

import sqlite3
from dataclasses import replace
from pathlib import Path

from resurge.app import App
from resurge.estate.model import (
    Component,
    ComponentKind,
    Content,
    Estate,
    Mode,
    Monitor,
    Objectives,
    RepositorySpec,
    Retention,
    Schedule,
    Source,
    SourceKind,
)
from resurge.vault import mirror

ACTIONS = frozenset({"restart", "restore"})


def data_set(folder: Path, files: int = 30, mode: Mode = Mode.AUTO) -> Component:
    """A write-once folder of small text files."""
    folder.mkdir(parents=True)
    for number in range(files):
        (folder / f"part-{number:03}.csv").write_text("label,pixel\n" + f"{number},{number * 7}\n" * 40)
    return Component(
        "data",
        ComponentKind.DATA_SET,
        sources=(Source(SourceKind.FILES, folder, Content.WRITE_ONCE),),
        objectives=Objectives(rpo_seconds=60, rto_seconds=60, detect_seconds=10, retention=Retention(last=20)),
        schedule=Schedule(every_seconds=60),
        actions=ACTIONS,
        mode=mode,
    )


def database(file: Path, mode: Mode = Mode.AUTO) -> Component:
    file.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE runs (id INTEGER PRIMARY KEY, note TEXT)")
        connection.executemany("INSERT INTO runs (note) VALUES (?)", [(f"run {n}" * 20,) for n in range(500)])
    connection.close()
    return Component(
        "base",
        ComponentKind.DATABASE,
        sources=(Source(SourceKind.SQLITE, file),),
        schedule=Schedule(every_seconds=60),
        actions=ACTIONS,
        mode=mode,
    )


def estate_of(folder: Path, *components: Component) -> Estate:
    password = folder / "password"
    password.write_text("a password for tests\n")
    file = folder / "resurge.yaml"
    file.touch()
    repositories = {
        "primary": RepositorySpec("primary", str(folder / "vault" / "primary"), password, mode=Mode.AUTO),
        "second": RepositorySpec("second", str(folder / "vault" / "second"), password, "primary", mode=Mode.AUTO),
    }
    return Estate(
        name="small",
        file=file,
        state_folder=folder / ".resurge",
        components={component.name: component for component in components},
        repositories=repositories,
        monitor=Monitor(every_seconds=0.2),
    )


def opened(estate: Estate) -> App:
    """With its repository made and copied, as `resurge repo init` and the first start do."""
    app = App(estate)
    app.estate.state_folder.mkdir(exist_ok=True)
    app.repositories.create_primary()
    mirror(estate.repositories["primary"].url, estate.repositories["second"].url)
    return app


def with_component(estate: Estate, component: Component) -> Estate:
    return replace(estate, components={**estate.components, component.name: component})
