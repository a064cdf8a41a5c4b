"""`resurge recover`: plan, show the plan, carry it out."""

from typing import TYPE_CHECKING

import click

from resurge.cli.access import Access, pass_access
from resurge.cli.options import estate_option, json_option
from resurge.cli.printing import local_time, plain, print_json, print_table
from resurge.cli.verbs.incidents import incident_json, promised, say_outcome
from resurge.core.errors import RecoveryFailed
from resurge.core.units import format_duration

if TYPE_CHECKING:
    from resurge.incidents.records import Plan


@click.command()
@click.argument("target", metavar="INCIDENT|@COMPONENT")
@click.option("--dry-run", is_flag=True, help="Print the plan, and change nothing.")
@click.option("--approve", is_flag=True, help="Carry it out, where the estate asks for a person's approval.")
@click.option("--no-wait", is_flag=True, help="Return as soon as it is under way.")
@estate_option
@json_option
@pass_access
def recover(access: Access, *, target: str, dry_run: bool, approve: bool, no_wait: bool, as_json: bool) -> None:
    """Bring a component back to its last good state, or approve what an incident waits for.

    The broken state is set aside first, never deleted. Exit code 42: it ended without proof.

    \b
    Examples:  resurge recover @training --dry-run
               resurge recover incident-20261123-170455-3fa9c1 --approve
    """
    app = access.app()
    if dry_run:
        plan = app.plan(target)
        if as_json:
            print_json(plan)
        else:
            _show(plan)
        return
    incident = app.recover(target, approve=approve, wait=not no_wait)
    if as_json:
        print_json(incident_json(incident))
    else:
        say_outcome(incident, promised(app, incident.component))
    if incident.state == "failed":
        raise RecoveryFailed(
            f"{incident.component} was not brought back: {incident.failure or 'no proof'}",
            f"See `resurge incidents {incident.id}`; the broken state is in quarantine.",
        )


def _show(plan: "Plan") -> None:
    click.echo(f"Plan for {plan.component}, {plan.fault}; about {format_duration(plan.expected_seconds)}:")
    print_table(
        ["#", "Step", "Component", "Why"],
        [
            [str(position), step.action, plain(step.component), plain(step.why)]
            for position, step in enumerate(plan.steps, start=1)
        ],
        right=(0,),
    )
    if plan.snapshot and plan.restored_state_at is not None:
        click.echo(f"Goes back to snapshot {plan.snapshot[:8]}, as of {local_time(plan.restored_state_at)}.")
    for reason in plan.reasons:
        click.echo(f"Because {reason}")
    click.echo("Nothing was changed.")
