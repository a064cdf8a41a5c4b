"""`resurge schema`: what an editor needs to complete resurge.yaml."""

import click

from resurge.cli.printing import print_json


@click.command()
def schema() -> None:
    """Print the JSON Schema of resurge.yaml, so that an editor completes and checks it.

    \b
    Example:  resurge schema > resurge.schema.json
    Then write at the top of resurge.yaml:
              # yaml-language-server: $schema=resurge.schema.json
    """
    from resurge.estate.read import json_schema

    print_json(json_schema())
