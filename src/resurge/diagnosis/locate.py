"""Which alerts belong together, and where their cause is. Pure.

A component that fails because another one failed is a victim: among the components that alert, the cause is one
whose own dependencies are all quiet.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from resurge.estate.model import Estate
from resurge.incidents.records import Alert


@dataclass(frozen=True, slots=True)
class Group:
    """Alerts with one cause. `affected` alert too, and depend on `component`."""

    component: str
    alerts: tuple[Alert, ...]
    affected: tuple[str, ...]


def upstream_of(estate: Estate, name: str) -> frozenset[str]:
    """Everything that `name` needs, directly or through others. A component of no estate needs nothing."""
    found: set[str] = set()
    front = [name]
    while front:
        component = estate.components.get(front.pop())
        fresh = set(component.depends_on) - found if component else set()
        found |= fresh
        front.extend(fresh)
    return frozenset(found)


def group(alerts: Iterable[Alert], estate: Estate) -> tuple[Group, ...]:
    """One group for each component whose dependencies are quiet; every alert lands in exactly one group."""
    alerts = tuple(alerts)
    names = list(dict.fromkeys(alert.component for alert in alerts))
    roots = [name for name in names if not upstream_of(estate, name) & set(names)]
    owner: dict[str, str] = {}
    for name in names:
        needed = upstream_of(estate, name)
        owner[name] = name if name in roots else next(root for root in roots if root in needed)
    return tuple(
        Group(
            component=root,
            alerts=tuple(a for a in alerts if owner[a.component] == root),
            affected=tuple(n for n in names if owner[n] == root and n != root),
        )
        for root in roots
    )
