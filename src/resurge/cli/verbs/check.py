"""`resurge check`: is what was stored still there, and still right?"""

import click

from resurge.cli.access import Access, pass_access
from resurge.cli.options import access_options, json_option
from resurge.cli.printing import count, print_json
from resurge.cli.progress import progress_bar
from resurge.core.errors import ChecksFailed


@click.command()
@click.option("--read-data", is_flag=True, help="Read and verify every stored byte too (slow, thorough).")
@access_options
@json_option
@pass_access
def check(access: Access, *, read_data: bool, as_json: bool) -> None:
    """Look for damage in a repository, and name the snapshots and files that it hurts.

    Without --read-data, everything that describes the data is verified; with it, the data too. Exit code 5:
    there is damage.

    \b
    Example:  resurge -r /mnt/backup check --read-data
    """
    repository = access.open_repository()
    with progress_bar("checking", wanted=not as_json) as progress:
        report = repository.check(read_data=read_data, progress=progress)
    problems = list(report.problems)
    access.seal("check", repository.location, {"read_data": read_data, "problems": problems})
    if as_json:
        print_json({"good": not problems, "read_data": read_data, "problems": problems})
    else:
        for problem in problems:
            click.echo(problem)
    if problems:
        raise ChecksFailed(
            f"{count(len(problems), 'problem')} in {repository.location}: {problems[0]}",
            "Bring the damaged objects back from a copy of it; the snapshots that are not named are whole.",
        )
    if not as_json:
        click.echo(f"No damage found in {repository.location}{'' if read_data else ' (data not read)'}.")
