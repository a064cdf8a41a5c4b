"""`resurge incidents`: what broke, and what became of it."""

import time
from typing import TYPE_CHECKING, Any

import click

from resurge.cli.access import Access, pass_access
from resurge.cli.options import estate_option, json_option
from resurge.cli.printing import (
    BAD,
    GOOD,
    WAIT,
    against,
    ago,
    duration_or_dash,
    local_time,
    plain,
    print_json,
    print_table,
    rfc3339,
    styled,
)
from resurge.core.units import format_duration

if TYPE_CHECKING:
    from rich.text import Text

    from resurge.estate.model import Objectives
    from resurge.incidents.records import Incident

STYLES = {"closed": GOOD, "proved": GOOD, "dismissed": "dim", "failed": BAD}


@click.command()
@click.argument("incident", required=False, metavar="[ID]")
@click.option("--open", "open_only", is_flag=True, help="Only those that are not over.")
@estate_option
@json_option
@pass_access
def incidents(access: Access, *, incident: str | None, open_only: bool, as_json: bool) -> None:
    """List what broke, or with an ID tell the whole story of one incident.

    \b
    Examples:  resurge incidents --open
               resurge incidents incident-20261123-170455-3fa9c1
    """
    app = access.app()
    if incident is not None:
        found = app.incident(incident)
        steps = list(app.steps(found.run_id)) if found.run_id else []
        if as_json:
            print_json(incident_json(found) | {"steps": steps})
        else:
            _tell(found, steps, promised(app, found.component))
        return
    listed = list(app.incidents(open_only=open_only))
    if as_json:
        print_json([incident_json(each) for each in listed])
        return
    if not listed:
        click.echo("No incident is open." if open_only else "No incidents: nothing has broken.")
        return
    _list(app, listed)


def incident_json(incident: "Incident") -> dict[str, object]:
    """The record, and the figures that are worked out from it."""
    from dataclasses import fields

    record = {field.name: getattr(incident, field.name) for field in fields(incident)}
    return record | {
        "opened": rfc3339(incident.opened_at),
        "onset_at": incident.onset_at,
        "detect_seconds": incident.detect_seconds,
        "rto_seconds": incident.rto_seconds,
        "rpo_seconds": incident.rpo_seconds,
    }


def promised(app: Any, component: str) -> "Objectives":
    from resurge.estate.model import Objectives

    found = app.estate.components.get(component)
    objectives: Objectives = found.objectives if found else Objectives()
    return objectives


def say_outcome(incident: "Incident", objectives: "Objectives") -> None:
    """One incident's end in a line or two."""
    fault = incident.diagnosis.fault if incident.diagnosis else "not diagnosed"
    click.echo(f"{incident.id}: {incident.component}, {fault}: {incident.state}.")
    if incident.rto_seconds is not None:
        from rich.console import Console

        Console(highlight=False).print(
            "Recovered in",
            against(incident.rto_seconds, objectives.rto_seconds),
            "· lost",
            against(incident.rpo_seconds, objectives.rpo_seconds),
        )
    if incident.failure:
        click.echo(f"Failed: {incident.failure}")


def _list(app: Any, listed: "list[Incident]") -> None:
    now = time.time()
    rows: list[list[str | Text]] = []
    for each in listed:
        objectives = promised(app, each.component)
        rows.append(
            [
                each.id,
                ago(each.opened_at, now),
                plain(each.component),
                str(each.diagnosis.fault) if each.diagnosis else "–",
                styled(str(each.state), STYLES.get(str(each.state), WAIT)),
                against(each.detect_seconds, objectives.detect_seconds),
                against(each.rto_seconds, objectives.rto_seconds),
                against(each.rpo_seconds, objectives.rpo_seconds),
            ]
        )
    print_table(
        ["Incident", "Found", "Component", "Fault", "State", "To detect", "RTO", "RPO"],
        rows,
        right=(5, 6, 7),
    )


def _tell(incident: "Incident", steps: list[Any], objectives: "Objectives") -> None:
    say_outcome(incident, objectives)
    click.echo(f"Found {local_time(incident.opened_at)}, {format_duration(incident.detect_seconds)} after onset.")
    for alert in incident.alerts:
        click.echo(f"  {alert.symptom}: {alert.summary}")
    if incident.diagnosis:
        sure = f"{incident.diagnosis.certainty:.0%} sure"
        click.echo(f"Diagnosis: {incident.diagnosis.fault} in {incident.diagnosis.component} ({sure}).")
        for line in incident.diagnosis.evidence:
            click.echo(f"  {line}")
    if incident.plan:
        click.echo("Plan:")
        for reason in incident.plan.reasons:
            click.echo(f"  because {reason}")
        for number, step in enumerate(incident.plan.steps if not steps else (), start=1):
            click.echo(f"  {number}. {step.action} {step.component}: {step.why}")
    if incident.state in ("planned", "waiting") and incident.plan:
        click.echo(f"It waits for a person: `resurge recover {incident.id} --approve`.")
    if steps:
        print_table(
            ["#", "Step", "Component", "State", "Tries", "Took", "Outcome"],
            [
                [
                    str(step.position + 1),
                    step.action,
                    plain(step.component),
                    styled(str(step.state), {"done": GOOD, "failed": BAD}.get(str(step.state), WAIT)),
                    str(step.tries),
                    duration_or_dash(step.ended_at - step.started_at if step.ended_at else None),
                    plain(step.outcome),
                ]
                for step in steps
            ],
            right=(0, 4, 5),
        )
