"""The entry point: starts fast, and turns whatever goes wrong into words and an exit code.

`deployer --help` must stay cheap, so the nouns are listed here with their help and imported
only when one is used. Errors are caught in one place, so that no command can show a traceback
or a secret.
"""

import errno
import os
import sys
from importlib import import_module
from typing import Any, NoReturn

import click

NOUNS: dict[str, tuple[str, str]] = {
    "demo": ("deployer.cli.demo", "Play the whole story on the embedded sandbox."),
    "init": ("deployer.cli.init", "Write a commented .env and example policies."),
    "doctor": ("deployer.cli.doctor", "Check credentials, rights, endpoints, prices, policies; say what to do."),
    "dataset": ("deployer.cli.dataset", "Check fine-tuning data and what training on it costs."),
    "finetune": ("deployer.cli.finetune", "Estimate, start and watch fine-tune jobs, gated by budget."),
    "deployment": ("deployer.cli.deployment", "List, create, call, delete and restore deployments."),
    "price": ("deployer.cli.price", "Look up the price book."),
    "spend": ("deployer.cli.spend", "Show what was spent and where it is heading."),
    "policy": ("deployer.cli.policy", "Check policies and print their schema."),
    "cap": ("deployer.cli.cap", "Show, set and put back the clouds' own backstops."),
    "guard": ("deployer.cli.guard", "Plan or apply one sweep of the policies."),
    "journal": ("deployer.cli.journal", "Read what was done, why, and how to undo it."),
    "serve": ("deployer.cli.serve", "Run the guard in the background."),
    "sandbox": ("deployer.cli.sandbox", "Run the emulated clouds for developers and tests."),
}
INTERRUPTED = 130


class LazyGroup(click.Group):
    """Lists its commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*NOUNS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in NOUNS:
            return super().get_command(ctx, cmd_name)
        command = getattr(import_module(NOUNS[cmd_name][0]), cmd_name)
        if not isinstance(command, click.Command):
            raise TypeError(f"{NOUNS[cmd_name][0]}.{cmd_name} is not a command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=self.list_commands(ctx), ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(noun, text) for noun, (_, text) in NOUNS.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        nouns = [CompletionItem(noun, help=text) for noun, (_, text) in NOUNS.items() if noun.startswith(incomplete)]
        return nouns + click.Command.shell_complete(self, ctx, incomplete)


class Deployer(LazyGroup):
    """The root: takes `--debug` anywhere and reports every error."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        own = args[: args.index("--")] if "--" in args else args
        ctx.meta["deployer.debug"] = "--debug" in own
        return super().parse_args(ctx, [word for word in own if word != "--debug"] + args[len(own) :])

    def invoke(self, ctx: click.Context) -> Any:
        from deployer.cli.log import tame_logging

        tame_logging(debug=ctx.meta["deployer.debug"])
        try:
            return super().invoke(ctx)
        except (click.exceptions.Exit, click.Abort):
            raise
        except click.exceptions.NoArgsIsHelpError:
            raise
        except click.ClickException as error:
            raise click.UsageError(scrub(error.format_message()), ctx=getattr(error, "ctx", None)) from None
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise
            ctx.exit(report(error, debug=ctx.meta["deployer.debug"]))


def scrub(text: str) -> str:
    """The text without the secrets of this process's settings, valid or not."""
    from deployer.settings import scrub_environment

    return scrub_environment(text)


def report(error: Exception, *, debug: bool) -> int:
    """Print an error for people on stderr; return the exit code."""
    from deployer.errors import DeployerError

    if debug:
        import traceback

        click.echo(scrub("".join(traceback.format_exception(error))), err=True, nl=False)
    if isinstance(error, DeployerError):
        lines = error.message.splitlines() or [type(error).__name__]
        text = f" {lines[0]}" if len(lines) == 1 else "".join(f"\n  {line}" for line in lines)
        click.echo(scrub(f"Error:{text}"), err=True)
        if error.next_step:
            click.echo(scrub(f"Next: {error.next_step}"), err=True)
        return error.exit_code
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        click.echo(scrub(f"Error: {error}\nNext: make room on the disk, or write the output elsewhere"), err=True)
        return 1
    seen = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    click.echo(scrub(f"Error: this is a defect of deployer: {seen}"), err=True)
    if not debug:
        click.echo("Next: run the same command with --debug and report the traceback", err=True)
    return 1


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from deployer import __version__

        click.echo(f"deployer {__version__}")
        ctx.exit()


@click.group(cls=Deployer, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error. May stand anywhere.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version."
)
def cli(debug: bool) -> None:
    """Deploy fine-tuned models on Azure OpenAI and OpenAI, and never pay for forgotten ones.

    \b
    Examples:
      deployer demo                      the whole story, without an account
      deployer deployment list           what is deployed and what it costs
      deployer guard plan                what the policies would do now
    """


def _open_closed() -> None:
    """A stream that the caller closed (`>&-`) swallows what is written: nobody wants to read it."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115 - open until the process ends


def main() -> NoReturn:
    """Run the command line; never returns."""
    _open_closed()
    try:
        cli.main(prog_name="deployer")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    sys.exit(0)
