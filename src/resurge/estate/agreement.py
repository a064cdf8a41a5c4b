"""What the parts of an estate must agree on: names that exist, copies and dependencies without a circle."""

import re
from collections.abc import Iterable, Mapping

from resurge.estate.positions import Document, Path
from resurge.estate.refusals import place, refuse
from resurge.estate.schema import EstateShape
from resurge.estate.suggestions import advice_for_name

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def require_agreement(shape: EstateShape, document: Document, actions: tuple[str, ...]) -> None:
    """Raises EstateError for the first thing that does not agree."""
    _names(document, ("components",), shape.components)
    _names(document, ("repositories",), shape.repositories)
    _known(document, ("defaults", "actions"), shape.defaults.actions, actions, "action")
    _links(document, ("defaults",), shape.defaults.links, shape.components)
    for name, component in shape.components.items():
        here: Path = ("components", name)
        _known(document, (*here, "actions"), component.actions, actions, "action")
        _known(document, (*here, "depends_on"), component.depends_on, shape.components, "component")
        _links(document, here, component.links, shape.components)
    for name, repository in shape.repositories.items():
        if repository.copy_of is not None and repository.copy_of not in shape.repositories:
            raise refuse(
                document,
                ("repositories", name, "copy_of"),
                f"unknown repository {repository.copy_of!r}: copy_of of repository {name!r}",
                advice_for_name(repository.copy_of, set(shape.repositories) - {name}, "repositories"),
            )
    _no_circle(
        document,
        "components",
        "depends_on",
        {name: component.depends_on for name, component in shape.components.items()},
    )
    _no_circle(
        document,
        "repositories",
        "copy_of",
        {name: (spec.copy_of,) if spec.copy_of else () for name, spec in shape.repositories.items()},
    )


def _names(document: Document, path: Path, named: Iterable[str]) -> None:
    for name in named:
        if not NAME.fullmatch(name):
            raise refuse(
                document,
                (*path, name),
                f"{name!r} cannot be a name in {path[0]}",
                "Use letters, digits, dots, dashes and underscores, and begin with a letter or a digit.",
            )


def _known(document: Document, path: Path, given: tuple[str, ...], known: Iterable[str], what: str) -> None:
    for position, name in enumerate(given):
        if name not in known:
            raise refuse(
                document,
                (*path, position),
                f"unknown {what} {name!r}: {place(path)}",
                advice_for_name(name, known, f"{what}s"),
            )


def _links(document: Document, path: Path, links: Iterable[object], known: Mapping[str, object]) -> None:
    for position, link in enumerate(links):
        _known(document, (*path, "links", position), (getattr(link, "to", ""),), known, "component")


def _no_circle(document: Document, section: str, key: str, leads_to: Mapping[str, tuple[str | None, ...]]) -> None:
    circle = find_circle({name: tuple(target for target in targets if target) for name, targets in leads_to.items()})
    if circle is None:
        return
    targets = leads_to[circle[-2]]
    path: Path = (section, circle[-2], key)
    if key == "depends_on":
        path = (*path, targets.index(circle[-1]))
    what = "components depend on each other" if key == "depends_on" else "repositories copy each other"
    raise refuse(document, path, f"{what} in a circle: {' → '.join(circle)}", f"Take one of them out of its {key}.")


def find_circle(leads_to: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """The first circle in the order of the names, its beginning repeated at its end: (a, b, a)."""
    finished: set[str] = set()
    for start in leads_to:
        trail: list[str] = []
        pending = [(start, iter(leads_to[start]))] if start not in finished else []
        trail.extend(name for name, _ in pending)
        while pending:
            name, targets = pending[-1]
            target = next(targets, None)
            if target is None:
                finished.add(name)
                pending.pop()
                trail.pop()
            elif target in trail:
                return (*trail[trail.index(target) :], target)
            elif target not in finished:
                pending.append((target, iter(leads_to[target])))
                trail.append(target)
    return None
