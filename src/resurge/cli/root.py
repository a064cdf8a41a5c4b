"""The verbs: one table, from which `--help` is printed without importing any of them."""

from collections.abc import Mapping
from importlib import import_module

import click

from resurge import __version__
from resurge.cli.failures import BROKEN_PIPE, hush
from resurge.cli.options import access_options

# section → verb → what it does. The module is `resurge.cli.verbs.<verb>`, its command has the verb's name.
SECTIONS: Mapping[str, Mapping[str, str]] = {
    "Begin": {
        "demo": "Watch Resurge protect, break and bring back a small, real AI service.",
        "init": "Write a resurge.yaml that says what to protect.",
        "schema": "Print the JSON Schema of resurge.yaml, so that an editor completes it.",
        "repo": "Create a repository: the place where snapshots are kept.",
    },
    "Protect": {
        "backup": "Take a snapshot of files and folders, or of a component.",
        "snapshots": "List the snapshots in a repository.",
        "restore": "Bring the files of a snapshot back into a folder.",
        "check": "Look for damage in a repository.",
    },
    "Watch and recover": {
        "up": "Watch over the estate: back up on schedule, find faults, recover from them.",
        "status": "Show how each component is, and when it was last backed up and proved.",
        "incidents": "List what broke, or tell the story of one incident.",
        "recover": "Bring a component back, or approve the plan of an incident.",
        "pause": "Stop all automatic recovery for a while.",
    },
    "Prove": {
        "drill": "Rehearse a recovery in a separate place, and measure it.",
        "report": "Sum up incidents and drills: RTO, RPO, integrity and cost against the promises.",
        "ledger": "Verify or list the tamper-evident record of all that was done.",
    },
}


class LazyGroup(click.Group):
    """Imports a verb's module only when that verb is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [verb for verbs in SECTIONS.values() for verb in verbs]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if not any(cmd_name in verbs for verbs in SECTIONS.values()):
            return None
        module = import_module(f"resurge.cli.verbs.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.list_commands(ctx), n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"there is no verb {args[0]!r}.{meant}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `resurge snapshots | head -1`: click itself would call it a failure (1)
            hush()
            raise click.exceptions.Exit(BROKEN_PIPE) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for title, verbs in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl(list(verbs.items()), col_spacing=3)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Each verb explains itself: resurge VERB --help.",
)
@click.version_option(__version__, "-V", "--version", prog_name="resurge", message="%(prog)s %(version)s")
@access_options
def root() -> None:
    """Disaster recovery for AI infrastructure: watch, protect, find, bring back, prove.

    \b
    A first look:      resurge demo
    Files, right now:  resurge -r /mnt/backup repo init
                       resurge -r /mnt/backup backup ~/models
    A whole service:   resurge init ~/service, then edit resurge.yaml
                       resurge repo init && resurge up
    """
