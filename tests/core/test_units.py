"""Quantities as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resurge.core.units import (
    DURATION_SECONDS,
    SIZE_BYTES,
    BadUnit,
    format_bytes,
    format_duration,
    parse_duration,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("10s", 10), ("1h30m", 5400), ("7d", 604800), ("1w2d", 777600), ("1.5h", 5400), (" 3s ", 3)],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "10", "s", "10 s", "10S", "-1s", "1h 30m", "10sx", "x10s", "1,5h", "∞"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadUnit, match="is no duration") as caught:
        parse_duration(text)
    assert "10s" in caught.value.advice


@given(st.integers(0, 10**6), st.sampled_from(sorted(DURATION_SECONDS)))
def test_any_number_with_any_unit_is_a_duration(number: int, unit: str) -> None:
    assert parse_duration(f"{number}{unit}") == pytest.approx(number * DURATION_SECONDS[unit])


@given(st.text(max_size=12))
def test_no_text_makes_a_parser_fail_in_another_way(text: str) -> None:
    for parse in (parse_duration, parse_size):
        try:
            assert parse(text) >= 0
        except BadUnit as error:
            assert repr(text) in str(error)


@pytest.mark.parametrize(
    ("text", "count"),
    [("0B", 0), ("512kB", 512_000), ("8MiB", 8 * 2**20), ("1.5TB", 1_500_000_000_000), ("200 MB", 200_000_000)],
)
def test_sizes_are_read(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["", "8", "MiB", "8mb", "8Mb", "8 M iB", "-1MB", "8KB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(BadUnit, match="is no size"):
        parse_size(text)


@given(st.integers(0, 1000), st.sampled_from(sorted(SIZE_BYTES)))
def test_any_number_with_any_unit_is_a_size(number: int, unit: str) -> None:
    assert parse_size(f"{number}{unit}") == number * SIZE_BYTES[unit]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.00 s"), (0.843, "0.84 s"), (12.34, "12.3 s"), (250, "4 min 10 s"), (3600, "1 h 0 min"),
        (11100, "3 h 5 min"), (187200, "2 d 4 h"),
    ],
)  # fmt: skip
def test_durations_are_shown_with_sensible_precision(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"), (812, "812 B"), (1024, "1 KiB"), (3_586_000, "3.42 MiB"), (2**30 * 1000, "1000 GiB"),
        (2**50 * 3, "3 PiB"),
    ],
)  # fmt: skip
def test_sizes_are_shown_in_binary_units(count: int, text: str) -> None:
    assert format_bytes(count) == text
