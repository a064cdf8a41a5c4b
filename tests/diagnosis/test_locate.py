"""Where the cause is: the component that alerts while everything it needs is quiet."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from resurge.diagnosis.locate import group, upstream_of
from resurge.estate.model import Component, ComponentKind, Estate
from resurge.incidents.records import Alert, Symptom

NAMES = ("data", "base", "training", "model", "inference", "front")
NEEDS = {"training": ("data", "base"), "inference": ("model",), "front": ("inference",)}


def estate() -> Estate:
    components = {name: Component(name, ComponentKind.STORE, depends_on=NEEDS.get(name, ())) for name in NAMES}
    return Estate("e", Path("/e/resurge.yaml"), Path("/e/.resurge"), components, {})


def alert(component: str, symptom: Symptom = Symptom.PROBE_FAILED) -> Alert:
    return Alert(component, symptom, 10.0, 9.5, 9.0, f"{component} is not well")


def test_dependencies_are_followed_to_the_end() -> None:
    assert upstream_of(estate(), "front") == {"inference", "model"}
    assert upstream_of(estate(), "repository/primary") == set()


def test_the_cause_is_upstream_and_the_victims_are_named() -> None:
    (found,) = group([alert("front"), alert("inference"), alert("model")], estate())
    assert found.component == "model"
    assert found.affected == ("front", "inference")


def test_two_causes_make_two_groups() -> None:
    found = group([alert("data"), alert("model"), alert("inference")], estate())
    assert [(g.component, g.affected) for g in found] == [("data", ()), ("model", ("inference",))]


@given(st.lists(st.sampled_from(NAMES), max_size=12))
def test_every_alert_is_in_exactly_one_group_and_every_cause_has_quiet_dependencies(names: list[str]) -> None:
    alerts = [alert(name) for name in names]
    groups = group(alerts, estate())
    assert sorted(a.component for g in groups for a in g.alerts) == sorted(names)
    for each in groups:
        assert not upstream_of(estate(), each.component) & set(names)
