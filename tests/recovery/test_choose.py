"""Diagnosis to plan: pure, so every branch is a table."""

from dataclasses import replace
from pathlib import Path

import pytest

from resurge.backup.points import RecoveryPoint
from resurge.core.errors import NotAllowed
from resurge.estate.model import (
    Canary,
    Component,
    ComponentKind,
    Content,
    Estate,
    Process,
    Source,
    SourceKind,
)
from resurge.incidents.records import Diagnosis, Fault, Plan
from resurge.recovery.choose import candidates, choose
from resurge.recovery.facts import Facts, WeightsOnDisk

BOTH = frozenset({"restart", "restore"})
PROCESS = Process(("run",), Path("/e"), Path("/e/pid"), Path("/e/log"))
CANARY = Canary("http://127.0.0.1:1/", Path("/e/q"), Path("/e/a"))


def of_files(name: str, kind: ComponentKind, content: Content) -> Component:
    return Component(name, kind, (Source(SourceKind.FILES, Path("/e") / name, content),), actions=BOTH)


def estate(**changes: Component) -> Estate:
    kinds = {
        "data": of_files("data", ComponentKind.DATA_SET, Content.WRITE_ONCE),
        "model": of_files("model", ComponentKind.MODEL, Content.WRITE_ONCE),
        "base": Component(
            "base",
            ComponentKind.DATABASE,
            (Source(SourceKind.SQLITE, Path("/e/base.db")),),
            actions=BOTH,
            after_restore=(("fix",),),
        ),
        "training": replace(
            of_files("training", ComponentKind.TRAINING_JOB, Content.ROLLING),
            process=PROCESS,
            depends_on=("data", "base"),
        ),
        "inference": Component(
            "inference",
            ComponentKind.INFERENCE_SERVICE,
            actions=BOTH,
            process=PROCESS,
            depends_on=("model",),
            canary=CANARY,
        ),
    }
    return Estate("e", Path("/e/resurge.yaml"), Path("/e/.resurge"), {**kinds, **changes}, {})


def diagnosis(component: str, fault: Fault, affected: tuple[str, ...] = ()) -> Diagnosis:
    return Diagnosis(fault, component, affected, 1000.0, 0.2, ("seen",))


def point(name: str, taken_at: float) -> RecoveryPoint:
    return RecoveryPoint(name, "primary", "it", taken_at, taken_at + 1, "good", (), 1, 1)


POINTS = Facts(points=(point("newest", 990.0), point("older", 980.0), point("oldest", 970.0), point("beyond", 1.0)))


def actions(plan: Plan) -> list[str]:
    return [f"{step.action} {step.component}" for step in plan.steps]


def test_a_dead_service_is_restarted_and_proved_and_loses_nothing() -> None:
    plan = choose(diagnosis("inference", Fault.PROCESS_DEAD), estate(), Facts())
    assert actions(plan) == ["stop inference", "start inference", "prove inference"]
    assert plan.restored_state_at is None


def test_data_is_set_aside_before_it_is_put_back_and_backed_up_after_the_proof() -> None:
    plan = choose(diagnosis("data", Fault.CONTENT_MISSING), estate(), POINTS)
    assert actions(plan) == ["quarantine data", "restore data", "prove data", "backup data"]
    assert (plan.snapshot, plan.restored_state_at) == ("newest", 990.0)


def test_the_next_attempt_goes_further_back_and_the_last_one_stays_there() -> None:
    found = diagnosis("data", Fault.RANSOMWARE)
    assert [choose(found, estate(), POINTS, attempt).snapshot for attempt in range(5)] == [
        "newest", "older", "oldest", "oldest", "oldest",
    ]  # fmt: skip


def test_writers_of_a_database_are_stopped_while_it_is_replaced_and_asked_at_the_proof() -> None:
    plan = choose(diagnosis("base", Fault.DATABASE_DAMAGED), estate(), POINTS)
    assert actions(plan) == [
        "stop training", "quarantine base", "restore base", "after-restore base", "start training",
        "prove base", "backup base",
    ]  # fmt: skip
    assert plan.steps[-2].arguments["witnesses"] == "training"


def test_who_serves_a_restored_model_is_a_witness_of_the_proof() -> None:
    plan = choose(diagnosis("model", Fault.CONTENT_CORRUPT), estate(), POINTS)
    assert plan.steps[-2].arguments["witnesses"] == "inference"
    assert "stop inference" not in actions(plan)
    hurt = choose(diagnosis("model", Fault.CONTENT_CORRUPT, ("inference",)), estate(), POINTS)
    assert actions(hurt)[0] == "stop inference"


def weights(*files: WeightsOnDisk) -> Facts:
    return replace(POINTS, weights=files)


def test_a_poisoned_checkpoint_that_a_snapshot_keeps_whole_is_taken_from_there() -> None:
    facts = weights(
        WeightsOnDisk("/e/ckpt/9", 999.0, False, "newest", 988.0), WeightsOnDisk("/e/ckpt/8", 985.0, True, None)
    )
    plan = choose(diagnosis("training", Fault.CHECKPOINT_POISONED), estate(), facts)
    assert actions(plan) == [
        "stop training", "quarantine training", "restore training", "start training", "prove training",
        "backup training",
    ]  # fmt: skip
    assert plan.steps[2].arguments["only"] == "/e/ckpt/9"
    assert plan.restored_state_at == 988.0


def test_otherwise_the_job_goes_on_from_the_newest_good_one_on_disk() -> None:
    facts = weights(WeightsOnDisk("/e/ckpt/9", 999.0, False, None), WeightsOnDisk("/e/ckpt/8", 995.0, True, None))
    plan = choose(diagnosis("training", Fault.CHECKPOINT_POISONED), estate(), facts)
    assert "restore training" not in actions(plan)
    assert plan.restored_state_at == 995.0


def test_with_no_good_checkpoint_left_the_snapshot_is_gone_back_to() -> None:
    facts = replace(weights(WeightsOnDisk("/e/ckpt/9", 999.0, False, None)), kept_weights_at=989.0)
    plan = choose(diagnosis("training", Fault.CHECKPOINT_POISONED), estate(), facts)
    assert (plan.snapshot, plan.restored_state_at) == ("newest", 989.0)


def test_a_dead_job_with_a_poisoned_checkpoint_is_not_just_restarted() -> None:
    facts = weights(WeightsOnDisk("/e/ckpt/9", 999.0, False, None), WeightsOnDisk("/e/ckpt/8", 995.0, True, None))
    plan = choose(diagnosis("training", Fault.PROCESS_DEAD), estate(), facts)
    assert "quarantine training" in actions(plan)


def test_a_restarted_job_loses_what_it_computed_since_its_checkpoint() -> None:
    facts = weights(WeightsOnDisk("/e/ckpt/9", 998.5, True, None))
    assert choose(diagnosis("training", Fault.PROCESS_DEAD), estate(), facts).restored_state_at == 998.5


def test_a_lost_repository_is_rebuilt_from_another() -> None:
    facts = Facts(other_repositories=("second",))
    plan = choose(diagnosis("repository/primary", Fault.REPOSITORY_LOST), estate(), facts)
    assert [step.action for step in plan.steps] == ["quarantine", "rebuild", "prove", "backup"]
    assert plan.steps[1].arguments == {"from": "second"}


@pytest.mark.parametrize("fault", list(Fault))
def test_no_plan_holds_a_step_that_the_estate_does_not_allow(fault: Fault) -> None:
    bare = {name: replace(c, actions=frozenset()) for name, c in estate().components.items()}
    for name in bare:
        for plan in candidates(diagnosis(name, fault), estate(**bare), POINTS):
            assert {step.action for step in plan.steps} <= {"prove", "backup"}


def test_what_cannot_be_mended_says_why() -> None:
    with pytest.raises(NotAllowed, match="disk-full"):
        choose(diagnosis("data", Fault.DISK_FULL), estate(), Facts())
    with pytest.raises(NotAllowed) as without:
        choose(diagnosis("data", Fault.CONTENT_MISSING), estate(), Facts())
    assert "no good recovery point" in without.value.advice
