"""Resurge's own state as a component like any other: its database, its ledger and keys, the estate's file."""

from dataclasses import replace

from resurge.estate.model import Component, ComponentKind, Estate, Mode, Schedule, Source, SourceKind

NAME = "resurge"
EVERY_SECONDS = 300.0


def with_own_state(estate: Estate) -> Estate:
    """Nothing is added where the estate declares a component of that name itself."""
    if NAME in estate.components:
        return estate
    folder = estate.state_folder
    own = Component(
        name=NAME,
        kind=ComponentKind.STORE,
        sources=(
            Source(SourceKind.SQLITE, folder / "state.db"),
            Source(SourceKind.FILES, folder / "ledger"),
            Source(SourceKind.FILES, estate.file),
        ),
        schedule=Schedule(every_seconds=EVERY_SECONDS),
        mode=Mode.OBSERVE,
    )
    return replace(estate, components={**estate.components, NAME: own})
