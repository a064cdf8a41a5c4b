"""Every fault there is: what it aims at, how its target looks when it can be broken, and how it is broken."""

from collections.abc import Callable
from dataclasses import dataclass

from resurge.demo.injector import contents, controller, processes
from resurge.demo.injector.scene import Detail, Scene


@dataclass(frozen=True, slots=True)
class Fault:
    target: str
    is_ready: Callable[[Scene], bool]
    act: Callable[[Scene], Detail]
    then: Callable[[Scene], Detail] | None = None  # what goes on after the injection


FAULTS: dict[str, Fault] = {
    "inference-killed": Fault("inference", Scene.inference_runs, processes.kill_inference),
    "inference-hung": Fault("inference", Scene.inference_runs, processes.hang_inference),
    "model-bit-flipped": Fault("model", Scene.model_is_whole, contents.flip_bit),
    "model-truncated": Fault("model", Scene.model_is_whole, contents.truncate_model),
    "dataset-deleted": Fault("dataset", Scene.dataset_is_whole, contents.delete_dataset),
    "checkpoint-poisoned": Fault("training", Scene.training_runs, processes.poison_checkpoint),
    "database-corrupted": Fault("metadata", Scene.database_is_sound, contents.corrupt_database),
    "repository-lost": Fault("repository", Scene.repository_is_there, contents.lose_repository),
    "ransomware": Fault("dataset", Scene.dataset_is_whole, contents.encrypt_dataset),
    "resurge-killed-mid-restore": Fault(
        "dataset", Scene.dataset_is_whole, contents.delete_dataset, controller.kill_mid_restore
    ),
}
NEEDS_MARKER = "resurge-killed-mid-restore"
