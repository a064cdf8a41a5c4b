import math
import statistics

from hypothesis import given
from hypothesis import strategies as st

from resurge.state import SeriesStore, StateDatabase
from resurge.state.series import Bucket, downsample, merge

POINTS = st.lists(
    st.tuples(st.floats(0, 1000), st.floats(-1e9, 1e9) | st.just(math.nan)),
    max_size=60,
    unique_by=lambda point: point[0],
).map(sorted)


def _same(one: Bucket, other: Bucket) -> bool:
    numbers = zip((one.low, one.mean, one.high), (other.low, other.mean, other.high), strict=True)
    return (one.at, one.points) == (other.at, other.points) and all(
        (math.isnan(a) and math.isnan(b)) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-3) for a, b in numbers
    )


def test_points_come_back_in_order_and_only_those_asked_for(database: StateDatabase) -> None:
    series = SeriesStore(database)
    series.add([("training", "loss", at, at / 10) for at in (3.0, 1.0, 2.0, 4.0)])
    series.add([("training", "rate", 2.0, 9.0), ("inference", "loss", 2.0, 7.0), ("training", "loss", 2.0, 5.0)])
    series.add([])
    assert series.range("training", "loss", 2.0, 3.0) == [(2.0, 5.0), (3.0, 0.3)]
    assert series.latest("training") == {"loss": (4.0, 0.4), "rate": (2.0, 9.0)}
    assert series.latest("nobody") == {}


def test_numbers_that_are_none_survive(database: StateDatabase) -> None:
    series = SeriesStore(database)
    series.add([("t", "loss", 1.0, math.nan), ("t", "loss", 2.0, math.inf)])
    (_, first), (_, second) = series.range("t", "loss", 0, 9)
    assert math.isnan(first)
    assert second == math.inf


def test_a_large_batch_is_one_transaction(database: StateDatabase) -> None:
    series = SeriesStore(database)
    series.add(("c", f"n{number % 50}", float(number), 1.0) for number in range(20_000))
    assert len(series.latest("c")) == 50
    series.expire(19_000.0)
    assert database.read("SELECT count(*), min(at) FROM series")[0][:] == (1000, 19_000.0)


def test_thinning_keeps_low_mean_high_of_whole_minutes_only(database: StateDatabase) -> None:
    series = SeriesStore(database)
    series.add([("t", "loss", at, value) for at, value in [(0, 1), (30, 5), (59, 3), (60, 7), (125, 2), (130, 8)]])
    assert series.thin(before=179.0) == 4
    assert series.buckets("t", "loss", 0, 999) == [Bucket(0, 1, 3, 5, 3), Bucket(60, 7, 7, 7, 1)]
    assert series.range("t", "loss", 0, 999) == [(0, 3), (60, 7), (125, 2), (130, 8)]
    series.add([("t", "loss", 10.0, 11.0)])  # late
    assert series.thin(before=179.0) == 1
    assert series.buckets("t", "loss", 0, 59) == [Bucket(0, 1, 5, 11, 4)]
    series.expire(60.0)
    assert series.range("t", "loss", 0, 999) == [(60, 7), (125, 2), (130, 8)]


@given(POINTS, st.sampled_from([1.0, 60.0, 250.0]))
def test_buckets_say_what_the_points_said(points: list[tuple[float, float]], bucket_seconds: float) -> None:
    expected: dict[float, list[float]] = {}
    for at, value in points:
        expected.setdefault(math.floor(at / bucket_seconds) * bucket_seconds, []).append(value)
    buckets = downsample(points, bucket_seconds)
    assert [bucket.at for bucket in buckets] == sorted(expected)
    for bucket in buckets:
        numbers = [value for value in expected[bucket.at] if not math.isnan(value)]
        assert bucket.points == len(numbers)
        if numbers:
            assert (bucket.low, bucket.high) == (min(numbers), max(numbers))
            assert math.isclose(bucket.mean, statistics.fmean(numbers), rel_tol=1e-9, abs_tol=1e-3)
        else:
            assert math.isnan(bucket.mean)


@given(POINTS, st.data())
def test_merging_is_as_if_summarised_together(points: list[tuple[float, float]], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(points)))
    whole, parts = downsample(points, 1e6), downsample(points[:cut], 1e6) + downsample(points[cut:], 1e6)
    if len(parts) == 2:
        assert _same(merge(parts[0], parts[1]), whole[0])
