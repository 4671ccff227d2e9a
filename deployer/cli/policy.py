"""`deployer policy`: are the policies right, and what may be written in them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from deployer.cli.context import current_session, finish
from deployer.cli.render import emit, output_option, say, tell

if TYPE_CHECKING:
    from deployer.errors import InvalidFile
    from deployer.policy.document import Policy, PolicySet


@click.group()
def policy() -> None:
    """Check policies and print their schema.

    \b
    Examples:
      deployer policy check
      deployer policy schema > policies/schema.json
    """


@policy.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@output_option
def check(path: Path | None, output: str) -> None:
    """Check a policy file, or all of a folder (default: DEPLOYER_POLICIES).

    Tells every problem with its file, line and column, and ends with exit code 4 if there is one.

    \b
    Examples:
      deployer policy check
      deployer policy check policies/example.yaml -o json
    """
    from deployer.errors import InvalidFile
    from deployer.policy.load import load_policies

    chosen = path or current_session().settings.policies
    try:
        policies = load_policies(chosen)
    except InvalidFile as error:
        if output == "table":
            raise
        emit(_invalid(error), output)
        return finish(error.exit_code)
    if output != "table":
        return emit(_document(policies), output)
    for one in policies.policies:
        _print_policy(one)
    tell(_summary(policies))


@policy.command()
@click.option("-o", "--output", type=click.Choice(("json", "yaml")), default="json", help="How to print the result.")
def schema(output: str) -> None:
    """Print the JSON Schema of the policy language, for editors and checks.

    \b
    Examples:
      deployer policy schema > policies/schema.json
      deployer policy schema -o yaml
    """
    from deployer.policy.language import json_schema

    emit(json_schema(), output)


def _print_policy(one: "Policy") -> None:
    """One policy as a paragraph: its rules do not fit into a line."""
    from deployer.policy.summary import match_text, rule_texts

    say(f"{one.name} ({one.where})")
    for rule, text in {"match": match_text(one.match), **rule_texts(one)}.items():
        say(f"  {rule:12} {text}")


def _document(policies: "PolicySet") -> dict[str, Any]:
    """What a program reads; addresses of people stay out of it."""
    from deployer.policy.summary import match_text, rule_texts

    return {
        "valid": True,
        "source": policies.source,
        "mode": policies.mode,
        "limits": {
            "max_actions": policies.limits.max_actions,
            "max_share": policies.limits.max_share,
            "max_actions_per_day": policies.limits.per_day,
        },
        "policies": [
            {"name": one.name, "where": one.where, "match": match_text(one.match), "rules": rule_texts(one)}
            for one in policies.policies
        ],
    }


def _invalid(error: "InvalidFile") -> dict[str, Any]:
    problems = [
        {"where": one.where, "seen": one.seen, "expected": one.expected, "suggestion": one.suggestion}
        for one in error.problems
    ]
    return {"valid": False, "problems": problems}


def _summary(policies: "PolicySet") -> str:
    count = len(policies.policies)
    mode = "plans and tells, never acts" if policies.mode == "observe" else "plans, tells and acts"
    return f"{count} {'policy is' if count == 1 else 'policies are'} valid; mode {policies.mode}: {mode}."
