import pytest
from hypothesis import given
from hypothesis import strategies as st

from resurge.estate.model import Prices
from resurge.planning.cost import Usage, price

PRICES = Prices("EUR", stored_gb_month=0.023, moved_gb=0.09, compute_hour=0.40)


def test_a_gigabyte_for_a_month_costs_the_rate() -> None:
    cost = price(Usage(10**9, 2 * 10**9, 1800.0, 30 * 86_400), PRICES)
    assert (cost.stored, cost.moved, cost.compute) == pytest.approx((0.023, 0.18, 0.20))
    assert cost.total == pytest.approx(0.403)
    assert cost.currency == "EUR"


def test_storage_is_priced_by_the_time_it_was_held() -> None:
    day = price(Usage(10**9, 0, 0.0, 86_400), PRICES)
    assert day.total == pytest.approx(0.023 / 30)


@given(
    st.integers(0, 10**15),
    st.integers(0, 10**15),
    st.floats(0, 1e7),
    st.floats(0, 1e9),
)
def test_cost_is_never_negative_and_its_parts_make_the_whole(
    stored: int, moved: int, compute: float, period: float
) -> None:
    cost = price(Usage(stored, moved, compute, period), PRICES)
    assert min(cost.stored, cost.moved, cost.compute) >= 0
    assert cost.total == cost.stored + cost.moved + cost.compute


def test_no_rates_cost_nothing() -> None:
    assert price(Usage(10**12, 10**12, 1e6, 1e6), Prices()).total == 0
