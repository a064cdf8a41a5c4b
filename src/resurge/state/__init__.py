"""Resurge's own memory: a SQLite database, a reserve for the day the disk is full, the controller's lock."""

from resurge.state.database import StateDatabase
from resurge.state.lock import exclusive, holder
from resurge.state.notes import Notes
from resurge.state.requests import Answer, NotAnswered, Request, Requests
from resurge.state.reserve import Reserve
from resurge.state.series import SeriesStore

__all__ = [
    "Answer",
    "NotAnswered",
    "Notes",
    "Request",
    "Requests",
    "Reserve",
    "SeriesStore",
    "StateDatabase",
    "exclusive",
    "holder",
]
