"""Measurements over time: dense while they are young, one bucket a minute when they are old, then gone."""

import math
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from resurge.state.database import StateDatabase

BUCKET_SECONDS = 60.0
Point = tuple[float, float]  # (at, value)

# Names one after another through the primary key: a component's millions of points are never scanned.
_LATEST = """
WITH RECURSIVE names (name) AS (
    SELECT min(name) FROM series WHERE component = :component
    UNION ALL
    SELECT (SELECT min(name) FROM series WHERE component = :component AND name > names.name)
    FROM names WHERE names.name IS NOT NULL
)
SELECT series.name, series.at, series.value FROM names JOIN series
ON series.component = :component AND series.name = names.name AND series.at = (
    SELECT max(at) FROM series WHERE component = :component AND name = names.name)
"""


@dataclass(frozen=True, slots=True)
class Bucket:
    """Points with `at <= t < at + bucket`, NaN left out: `points` counts the rest; without any all is NaN."""

    at: float
    low: float
    mean: float
    high: float
    points: int


class SeriesStore:
    def __init__(self, database: StateDatabase) -> None:
        self._database = database

    def add(self, rows: Iterable[tuple[str, str, float, float]]) -> None:
        """(component, name, at, value) each, in one transaction; a point that is there is replaced."""
        batch = list(rows)
        if batch:
            self._database.run(
                lambda connection: connection.executemany("INSERT OR REPLACE INTO series VALUES (?, ?, ?, ?)", batch)
            )

    def range(self, component: str, name: str, since: float, until: float) -> list[Point]:
        """Oldest first, both ends included. Where points were thinned, their bucket's mean stands in."""
        rows = self._database.read(
            "SELECT at, value FROM series WHERE component = ?1 AND name = ?2 AND at BETWEEN ?3 AND ?4"
            " UNION ALL SELECT at, mean FROM series_buckets"
            " WHERE component = ?1 AND name = ?2 AND at BETWEEN ?3 AND ?4 ORDER BY at",
            (component, name, since, until),
        )
        return [(row[0], _number(row[1])) for row in rows]

    def buckets(self, component: str, name: str, since: float, until: float) -> list[Bucket]:
        """What thinning has left of the older part, oldest first."""
        rows = self._database.read(
            "SELECT at, low, mean, high, points FROM series_buckets"
            " WHERE component = ? AND name = ? AND at BETWEEN ? AND ? ORDER BY at",
            (component, name, since, until),
        )
        return [_bucket(row) for row in rows]

    def latest(self, component: str) -> dict[str, Point]:
        rows = self._database.read(_LATEST, {"component": component})
        return {row["name"]: (row["at"], _number(row["value"])) for row in rows}

    def thin(self, before: float) -> int:
        """Fold points of whole minutes before `before` into buckets; returns how many points were folded."""
        edge = math.floor(before / BUCKET_SECONDS) * BUCKET_SECONDS
        return self._database.run(lambda connection: _thin(connection, edge))

    def expire(self, before: float) -> None:
        def forget(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM series WHERE at < ?", (before,))
            connection.execute("DELETE FROM series_buckets WHERE at < ?", (before,))

        self._database.run(forget)


def downsample(points: Iterable[Point], bucket_seconds: float = BUCKET_SECONDS) -> list[Bucket]:
    """One bucket for every interval that has points. `points` come in order of time."""
    return [
        _summary(number * bucket_seconds, [value for _, value in group])
        for number, group in groupby(points, key=lambda point: math.floor(point[0] / bucket_seconds))
    ]


def merge(one: Bucket, other: Bucket) -> Bucket:
    """As if both had been summarised together (points that come late join a bucket that exists)."""
    points = one.points + other.points
    if not one.points or not other.points:
        return one if one.points else other
    return Bucket(
        one.at,
        min(one.low, other.low),
        one.mean * (one.points / points) + other.mean * (other.points / points),
        max(one.high, other.high),
        points,
    )


def _summary(at: float, values: list[float]) -> Bucket:
    numbers = [value for value in values if not math.isnan(value)]
    if not numbers:
        return Bucket(at, math.nan, math.nan, math.nan, 0)
    # Divided first, so that the sum of large numbers does not overflow.
    mean = sum(value / len(numbers) for value in numbers)
    return Bucket(at, min(numbers), mean, max(numbers), len(numbers))


def _thin(connection: sqlite3.Connection, edge: float) -> int:
    rows = connection.execute(
        "SELECT component, name, at, value FROM series WHERE at < ? ORDER BY component, name, at", (edge,)
    ).fetchall()
    for (component, name), group in groupby(rows, key=lambda row: (row["component"], row["name"])):
        for bucket in downsample((row["at"], _number(row["value"])) for row in group):
            known = connection.execute(
                "SELECT at, low, mean, high, points FROM series_buckets WHERE component = ? AND name = ? AND at = ?",
                (component, name, bucket.at),
            ).fetchone()
            whole = bucket if known is None else merge(_bucket(known), bucket)
            connection.execute(
                "INSERT OR REPLACE INTO series_buckets VALUES (?, ?, ?, ?, ?, ?, ?)",
                (component, name, whole.at, whole.low, whole.mean, whole.high, whole.points),
            )
    connection.execute("DELETE FROM series WHERE at < ?", (edge,))
    return len(rows)


def _bucket(row: sqlite3.Row) -> Bucket:
    return Bucket(row["at"], _number(row["low"]), _number(row["mean"]), _number(row["high"]), row["points"])


def _number(value: float | None) -> float:
    return math.nan if value is None else value
