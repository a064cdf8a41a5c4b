"""A good `resurge.yaml` becomes the values that it says."""

import sys
from pathlib import Path

import pytest

from resurge.core.errors import EstateNotFound
from resurge.estate.model import (
    Canary,
    Comparator,
    Content,
    Estate,
    Mode,
    ProbeKind,
    Retention,
    SourceKind,
    When,
)
from resurge.estate.read import find_estate, read_estate

from .example import EXAMPLE


def write(folder: Path, text: str) -> Path:
    file = folder / "resurge.yaml"
    file.write_text(text)
    return file


@pytest.fixture
def estate(tmp_path: Path) -> Estate:
    return read_estate(write(tmp_path, EXAMPLE))


def test_components_come_in_the_order_of_the_file(estate: Estate) -> None:
    assert list(estate.components) == ["dataset", "metadata", "training", "model", "inference"]


def test_every_path_is_absolute_and_starts_at_the_files_folder(estate: Estate, tmp_path: Path) -> None:
    training, model = estate.components["training"], estate.components["model"]
    assert training.process is not None
    assert model.drill is not None
    assert estate.file == tmp_path / "resurge.yaml"
    assert estate.state_folder == tmp_path / ".resurge"
    assert training.sources[0].path == tmp_path / "service/checkpoints"
    assert training.process.pid_file == tmp_path / "service/run/training.pid"
    assert training.process.folder == tmp_path
    assert training.probes[0].target == str(tmp_path / "service/run/progress.jsonl")
    assert model.drill.canary.request == tmp_path / "service/canary/request.json"
    assert estate.repositories["primary"].url == str(tmp_path / "vault/primary")


def test_it_may_be_named_by_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, EXAMPLE)
    monkeypatch.chdir(tmp_path)
    assert read_estate("resurge.yaml").file == tmp_path / "resurge.yaml"


def test_urls_and_absolute_paths_stay_as_they_are(tmp_path: Path) -> None:
    text = "version: 1\nrepositories:\n  a: {url: s3://bucket/x}\n  b: {url: /mnt/x/../y}\n"
    repositories = read_estate(write(tmp_path, text)).repositories
    assert repositories["a"].url == "s3://bucket/x"
    assert repositories["b"].url == "/mnt/y"


def test_python_means_the_running_interpreter_and_only_as_the_first_word(estate: Estate) -> None:
    training, metadata = estate.components["training"], estate.components["metadata"]
    assert training.process is not None
    assert training.process.start == (sys.executable, "-m", "service.training", "--threads", "1")
    assert metadata.after_restore == ((sys.executable, "-m", "service.registry", "reconcile", "service"),)
    assert metadata.probes[0].command[0] == sys.executable
    inference = estate.components["inference"].process
    assert inference is not None
    assert inference.start == ("/usr/bin/serve",)


def test_quantities_are_in_seconds_and_bytes(estate: Estate) -> None:
    assert estate.monitor.every_seconds == 0.5
    assert estate.monitor.hash_bytes_per_second == 200_000_000
    assert estate.components["inference"].probes[0].timeout_seconds == pytest.approx(0.7)
    assert estate.prices.compute_hour == 0.40


def test_kinds_of_sources_and_probes_are_told_by_their_key(estate: Estate) -> None:
    sources = [estate.components[name].sources[0] for name in ("dataset", "metadata", "training")]
    assert [source.kind for source in sources] == [SourceKind.FILES, SourceKind.SQLITE, SourceKind.FILES]
    assert [source.content for source in sources] == [Content.WRITE_ONCE, Content.MUTABLE, Content.ROLLING]
    assert sources[0].exclude == ("*.tmp",)
    probes = estate.components["inference"].probes
    assert [probe.kind for probe in probes] == [ProbeKind.HTTP, ProbeKind.METRICS, ProbeKind.TCP]
    assert probes[2].target == "127.0.0.1:8123"
    assert estate.components["metadata"].probes[0].when is When.PROOF
    assert estate.components["training"].probes[0].comparator is Comparator.TOLERANCE


def test_environment_is_text_even_where_a_number_was_written(estate: Estate) -> None:
    process = estate.components["training"].process
    assert process is not None
    assert process.environment == {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def test_a_drills_canary_asks_at_the_drills_url(estate: Estate) -> None:
    drill = estate.components["model"].drill
    assert drill is not None
    assert isinstance(drill.canary, Canary)
    assert drill.canary.url == drill.url == "http://127.0.0.1:{port}/predict"


def test_a_copy_opens_with_the_password_of_its_original(estate: Estate, tmp_path: Path) -> None:
    second = estate.repositories["second"]
    assert second.copy_of == "primary"
    assert second.password_file == tmp_path / "keys/password"


def test_objectives_and_backup_take_single_defaults_and_all_else_whole_ones(estate: Estate) -> None:
    inference, training = estate.components["inference"], estate.components["training"]
    assert inference.objectives.rto_seconds == 5
    assert inference.objectives.rpo_seconds == 8
    assert inference.objectives.retention == Retention(last=20, daily=7)
    assert training.schedule.every_seconds == 8
    assert training.schedule.on_change
    assert inference.region == "rack-1"
    assert inference.mode is Mode.AUTO


@pytest.mark.parametrize(
    ("default", "own", "every_seconds", "cron"),
    [
        ("every: 8s", 'cron: "5 * * * *"', None, "5 * * * *"),
        ('cron: "5 * * * *"', "every: 9s", 9.0, None),
        ('cron: "5 * * * *"', "on_change: true", None, "5 * * * *"),
    ],
)
def test_an_own_rhythm_puts_the_default_one_aside(
    tmp_path: Path, default: str, own: str, every_seconds: float | None, cron: str | None
) -> None:
    head = f"version: 1\ndefaults: {{backup: {{{default}}}}}\n"
    text = f"{head}components:\n  a: {{kind: model, backup: {{{own}}}}}\n"
    schedule = read_estate(write(tmp_path, text)).components["a"].schedule
    assert (schedule.every_seconds, schedule.cron) == (every_seconds, cron)


def test_actions_of_a_component_replace_the_default_ones(tmp_path: Path) -> None:
    text = (
        "version: 1\ndefaults: {actions: [restart]}\ncomponents:\n  a: {kind: model}\n  b: {kind: model, actions: []}\n"
    )
    components = read_estate(write(tmp_path, text)).components
    assert components["a"].actions == {"restart"}
    assert components["b"].actions == frozenset()


def test_a_new_estate_observes_and_is_called_after_its_folder(tmp_path: Path) -> None:
    estate = read_estate(write(tmp_path, "version: 1\ncomponents:\n  a: {kind: model}\n"))
    assert estate.name == tmp_path.name
    assert estate.components["a"].mode is Mode.OBSERVE


def test_a_key_without_a_value_is_as_good_as_none(tmp_path: Path) -> None:
    estate = read_estate(write(tmp_path, "version: 1\nmonitor:\ncomponents:\n  a:\n    kind: model\n    probes:\n"))
    assert estate.components["a"].probes == ()


def test_anchors_and_merge_keys_work(tmp_path: Path) -> None:
    text = "version: 1\ncomponents:\n  a: &a {kind: model, region: here}\n  b:\n    <<: *a\n    region: there\n"
    components = read_estate(write(tmp_path, text)).components
    assert (components["b"].kind, components["b"].region) == ("model", "there")


def test_other_actions_may_be_registered(tmp_path: Path) -> None:
    text = "version: 1\ncomponents:\n  a: {kind: node, actions: [reimage]}\n"
    assert read_estate(write(tmp_path, text), ("reimage",)).components["a"].actions == {"reimage"}


def test_the_nearest_estate_above_is_found(tmp_path: Path) -> None:
    file = write(tmp_path, EXAMPLE)
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find_estate(deep, {}) == file
    assert find_estate(deep, {"RESURGE_ESTATE": "/elsewhere/x.yaml"}) == Path("/elsewhere/x.yaml")


def test_no_estate_above_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(EstateNotFound, match=r"there is no resurge\.yaml in .* or above it") as caught:
        find_estate(tmp_path, {})
    assert "resurge init" in caught.value.advice
