import xml.etree.ElementTree as ET

import pytest

from resurge.charts.overview import Episode, Overview, Tick, overview_svg

OVERVIEW = Overview(
    name="overview",
    title="All",
    since=1000.0,
    until=1106.0,
    lanes=("dataset", "model"),
    episodes=(
        Episode("dataset", "1", 1020.0, 1024.0, True),
        Episode("model", "2", 1050.0, 1065.0, False),
    ),
    ticks=(Tick("dataset", 1008.0, True), Tick("dataset", 1022.0, False), Tick("model", 1009.0, True)),
)


def test_the_picture_is_told_in_words_too() -> None:
    svg = overview_svg(OVERVIEW)
    assert "dataset: 1 incidents, 0 with a broken promise; 1 good and 1 suspect backups" in svg
    assert "model: 1 incidents, 1 with a broken promise; 1 good and 0 suspect backups" in svg


def test_it_is_deterministic_and_well_formed() -> None:
    assert overview_svg(OVERVIEW) == overview_svg(OVERVIEW)
    assert ET.fromstring(overview_svg(OVERVIEW)).get("role") == "img"


@pytest.mark.parametrize("seconds", [0.0, 0.3, 59.0, 901.0, 86_400.0, 40 * 86_400.0, 9e8])
def test_any_period_has_an_axis(seconds: float) -> None:
    ET.fromstring(overview_svg(Overview("o", "t", 1.7e9, 1.7e9 + seconds, ("a",), (), ())))


def test_an_empty_estate_can_be_drawn() -> None:
    ET.fromstring(overview_svg(Overview("o", "t", 0.0, 1.0, (), (), ())))


def test_drawing_leaves_matplotlibs_settings_alone() -> None:
    from matplotlib import rcParams

    before = rcParams["font.size"]
    rcParams["font.size"] = 23
    try:
        overview_svg(OVERVIEW)
        assert rcParams["font.size"] == 23
    finally:
        rcParams["font.size"] = before
