"""Circles are found wherever there are some, and only there."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from resurge.estate.agreement import find_circle

NAMES = "abcdef"
graphs = st.fixed_dictionaries(
    {name: st.lists(st.sampled_from(NAMES), max_size=3, unique=True).map(tuple) for name in NAMES}
)


def can_be_put_in_order(leads_to: dict[str, tuple[str, ...]]) -> bool:
    """The plain definition: again and again take away what leads to nothing that is left."""
    left = dict(leads_to)
    while free := [name for name, targets in left.items() if not set(targets) & set(left)]:
        for name in free:
            del left[name]
    return not left


@given(graphs)
def test_a_circle_is_found_exactly_where_no_order_exists(leads_to: dict[str, tuple[str, ...]]) -> None:
    circle = find_circle(leads_to)
    assert (circle is None) == can_be_put_in_order(leads_to)
    if circle is not None:
        assert circle[0] == circle[-1]
        assert len(set(circle)) == len(circle) - 1
        for here, there in pairwise(circle):
            assert there in leads_to[here]
