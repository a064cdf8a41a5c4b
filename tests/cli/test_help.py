"""A newcomer understands the help: each verb says what it does, and shows an example."""

import click
import pytest
from click.testing import CliRunner

from resurge import __version__
from resurge.cli.root import SECTIONS, LazyGroup, root

from .command import Resurge

SUMMARIES = {verb: summary for verbs in SECTIONS.values() for verb, summary in verbs.items()}


def commands() -> list[tuple[tuple[str, ...], click.Command]]:
    """Every command with its words: (("repo", "init"), …)."""
    found: list[tuple[tuple[str, ...], click.Command]] = []
    context = click.Context(root)
    assert isinstance(root, LazyGroup)
    for verb in root.list_commands(context):
        command = root.get_command(context, verb)
        assert command is not None
        found.append(((verb,), command))
        if isinstance(command, click.Group):
            found += [((verb, name), below) for name, below in command.commands.items()]
    return found


@pytest.mark.parametrize(("words", "command"), commands(), ids=[" ".join(words) for words, _ in commands()])
def test_every_command_explains_itself_with_an_example(words: tuple[str, ...], command: click.Command) -> None:
    shown = CliRunner().invoke(root, [*words, "--help"])
    assert shown.exit_code == 0
    assert "Example" in shown.output
    assert "resurge" in shown.output
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help or "help" in parameter.opts, f"{parameter.name} is not explained"


@pytest.mark.parametrize(("verb", "summary"), SUMMARIES.items())
def test_a_summary_is_one_sentence(verb: str, summary: str) -> None:
    assert summary.endswith(".")
    assert len(summary) <= 90
    assert verb in CliRunner().invoke(root, ["--help"]).output


def test_what_a_script_reads_can_be_had_as_json() -> None:
    with_json = {" ".join(words) for words, command in commands() if any("--json" in p.opts for p in command.params)}
    assert {
        "backup", "snapshots", "restore", "check", "status", "incidents", "recover", "pause",
        "drill restore", "report", "ledger verify", "ledger list", "repo init",
    } <= with_json  # fmt: skip


def test_version(resurge: Resurge) -> None:
    done = resurge("--version")
    assert (done.code, done.out, done.err) == (0, f"resurge {__version__}\n", "")


def test_a_slip_in_a_verb_is_met_with_a_suggestion(resurge: Resurge) -> None:
    done = resurge("bakup", "x")
    assert (done.code, done.error_lines) == (
        2,
        ["resurge: there is no verb 'bakup'. Did you mean 'backup'?", "  → See `resurge --help`."],
    )


def test_without_a_verb_the_help_is_shown(resurge: Resurge) -> None:
    done = resurge()
    assert done.code == 2
    assert done.err.startswith("Usage: resurge")
