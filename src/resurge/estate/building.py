"""From the checked shape of `resurge.yaml` to the values of `estate.model`: defaults in, paths absolute."""

import os
import sys
from pathlib import Path
from typing import TypeVar

from resurge.estate import model, schema

COPIED_DEEP = ("objectives", "backup")  # merged key by key; every other default is replaced as a whole

AnyShape = TypeVar("AnyShape", bound=schema.Shape)


def build(shape: schema.EstateShape, file: Path) -> model.Estate:
    base = file.parent
    components = {
        name: _component(name, with_defaults(component, shape.defaults), base)
        for name, component in shape.components.items()
    }
    repositories = {name: _repository(name, shape, base) for name in shape.repositories}
    return model.Estate(
        name=shape.name or base.name or "estate",
        file=file,
        state_folder=_absolute(shape.state, base),
        components=components,
        repositories=repositories,
        prices=model.Prices(**shape.prices.model_dump()),
        monitor=model.Monitor(shape.monitor.every, shape.monitor.hash_rate),
    )


def with_defaults(component: schema.ComponentShape, defaults: schema.DefaultsShape) -> schema.ComponentShape:
    """What the component says itself wins. Its own `cron` puts a default `every` aside, and vice versa."""
    update: dict[str, object] = {}
    for name in defaults.model_fields_set:
        general, own = getattr(defaults, name), getattr(component, name)
        if name not in component.model_fields_set:
            update[name] = general
        elif name in COPIED_DEEP:
            update[name] = _deep(own, general)
    return component.model_copy(update=update)


def _deep(own: AnyShape, general: AnyShape) -> AnyShape:
    update: dict[str, object] = {}
    for name in own.model_fields_set:
        value, below = getattr(own, name), getattr(general, name)
        update[name] = _deep(value, below) if isinstance(value, schema.Shape) else value
    if isinstance(own, schema.BackupShape) and own.model_fields_set & {"every", "cron"}:
        update |= {"every": own.every, "cron": own.cron}
    return general.model_copy(update=update)


def _absolute(text: str, base: Path) -> Path:
    return Path(os.path.normpath(base / os.path.expanduser(text)))  # noqa: PTH111 - "./~" is no home


def _command(words: tuple[str, ...]) -> tuple[str, ...]:
    """`python` means the interpreter that runs Resurge: an estate needs no path to it."""
    return (sys.executable, *words[1:]) if words[:1] == ("python",) else words


def _component(name: str, shape: schema.ComponentShape, base: Path) -> model.Component:
    objectives, backup = shape.objectives, shape.backup
    return model.Component(
        name=name,
        kind=shape.kind,
        sources=tuple(_source(source, base) for source in shape.sources),
        objectives=model.Objectives(
            rpo_seconds=objectives.rpo,
            rto_seconds=objectives.rto,
            detect_seconds=objectives.detect,
            tier=objectives.tier,
            retention=model.Retention(**objectives.retention.model_dump()),
        ),
        schedule=model.Schedule(backup.every, backup.cron, backup.on_change, backup.debounce),
        sensitivity=shape.sensitivity,
        region=shape.region,
        links=tuple(model.Link(link.to, link.via, link.address or "") for link in shape.links),
        depends_on=shape.depends_on,
        process=_process(shape.process, base) if shape.process else None,
        probes=tuple(_probe(probe, base) for probe in shape.probes),
        canary=_canary(shape.canary, shape.canary.url, base) if shape.canary else None,
        drill=_drill(shape.drill, base) if shape.drill else None,
        after_restore=tuple(_command(words) for words in shape.after_restore),
        actions=frozenset(shape.actions),
        mode=shape.mode,
    )


def _source(shape: schema.SourceShape, base: Path) -> model.Source:
    kind = model.SourceKind.FILES if shape.files is not None else model.SourceKind.SQLITE
    path = _absolute(shape.files or shape.sqlite or "", base)
    return model.Source(kind, path, shape.content or model.Content.MUTABLE, shape.exclude)


def _process(shape: schema.ProcessShape, base: Path) -> model.Process:
    return model.Process(
        start=_command(shape.start),
        folder=_absolute(shape.folder, base),
        pid_file=_absolute(shape.pid_file, base),
        log_file=_absolute(shape.log_file, base),
        environment=dict(shape.environment),
        stop_seconds=shape.stop,
    )


def _probe(shape: schema.ProbeShape, base: Path) -> model.Probe:
    kind = next(kind for kind in shape.kinds if getattr(shape, kind) is not None)
    target = shape.http or shape.tcp or shape.metrics or ""
    if shape.progress is not None:
        target = str(_absolute(shape.progress, base))
    return model.Probe(
        kind=model.ProbeKind(kind),
        target=target,
        command=_command(shape.command or ()),
        timeout_seconds=shape.timeout,
        every_seconds=shape.every,
        when=shape.when,
        expect_status=shape.expect_status,
        stall_seconds=shape.stall,
        comparator=shape.comparator,
        tolerance=shape.tolerance,
    )


def _canary(shape: schema.CanaryShape, url: str, base: Path) -> model.Canary:
    return model.Canary(
        url=url,
        request=_absolute(shape.request, base),
        answers=_absolute(shape.answers, base),
        comparator=shape.comparator,
        tolerance=shape.tolerance,
        timeout_seconds=shape.timeout,
        every_seconds=shape.every,
    )


def _drill(shape: schema.DrillShape, base: Path) -> model.Drill:
    return model.Drill(
        start=_command(shape.start),
        url=shape.url,
        canary=_canary(shape.canary, shape.url, base),
        environment=dict(shape.environment),
        ready_seconds=shape.ready,
    )


def _repository(name: str, shape: schema.EstateShape, base: Path) -> model.RepositorySpec:
    """A copy opens with the password of what it copies, unless it names a file of its own."""
    own = shape.repositories[name]
    password_file, origin = own.password_file, own
    while password_file is None and origin.copy_of is not None:
        origin = shape.repositories[origin.copy_of]
        password_file = origin.password_file
    return model.RepositorySpec(
        name=name,
        url=own.url if "://" in own.url else str(_absolute(own.url, base)),
        password_file=_absolute(password_file, base) if password_file else None,
        copy_of=own.copy_of,
        mode=own.mode,
    )
