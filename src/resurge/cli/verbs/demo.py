"""`resurge demo`: everything at once, on a small, real AI service."""

from pathlib import Path

import click


@click.command()
@click.option("--seed", type=int, default=None, help="Repeat an order of events. Default: a new one.")
@click.option("--faults", default="all", show_default=True, metavar="all|none|LIST", help="What to break, by commas.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("resurge-demo"),
    show_default=True,
    help="Where everything is written; nothing is written elsewhere.",
)
@click.option("--seconds", type=click.IntRange(min=1), default=None, help="How long to break things.")
@click.option("--plain", is_flag=True, help="Lines instead of a live table.")
def demo(seed: int | None, faults: str, folder: Path, seconds: int | None, plain: bool) -> None:
    """Watch Resurge protect, break and bring back a small, real AI service, in under two minutes.

    A training job, an inference server, a database and a data set run on this machine; a separate process
    breaks them one after another. The exit code is 0 only if every promise was kept.

    \b
    Examples:  resurge demo
               resurge demo --seed 7 --faults none
    """
    from resurge.demo import run_demo

    code = run_demo(folder=folder, seed=seed, faults=faults, seconds=seconds, plain=plain)
    raise click.exceptions.Exit(code)
