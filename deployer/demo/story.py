"""The story: two runs of the same weeks, once without a guard and once with policies in force.

A team fine-tunes a model, deploys it beside its base model, uses both for two days and forgets
them. The deployment of the fine-tune is billed by the hour, used or not. At the $3.00/h of early
2024 such a deployment cost about $1,400 by the end of the month, which is the account this
project starts from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from deployer.demo.bill import Bill, Comparison, Line
from deployer.demo.report import Beat
from deployer.demo.scheduler import Scheduler
from deployer.demo.stage import Stage, open_stage
from deployer.domain.money import Money
from deployer.sandbox.client import SandboxClient

START = datetime(2026, 9, 11, 13, 0, tzinfo=UTC)
DAYS = 20
"""From the start to the end of the month: long enough for the bill of the story."""
RATE_THEN = "3.00"
"""Dollars an hour of hosting in early 2024."""
ACCOUNT = "aoai-dev-eastus2"
MODEL, VERSION = "gpt-4.1-mini", "2025-04-14"
TUNED, BASE = "support-ft", "support-base"
QUESTION = "My parcel has not arrived yet"
IN_USE = timedelta(days=2)
STRAY = timedelta(days=11)
"""After this a forgotten script calls the fine-tune once, and Azure's own clean-up after 15 days without a call
starts over: it is no backstop."""

Echo = Callable[[str], None]


@dataclass(frozen=True)
class Told:
    """Everything that the story came to."""

    comparison: Comparison
    beats: Sequence[Beat]
    undeployed: datetime | None
    sweeps: int


def play(client: SandboxClient, env: dict[str, str], folder: Path, days: int, echo: Echo) -> Told:
    """Play both runs; the bill is looked at at midnight, `days` days after the start."""
    end = (START + timedelta(days=days)).replace(hour=0)
    echo("Run A: nobody watches")
    with open_stage(client, env, folder / "a", START, echo) as stage:
        unguarded = _run_unguarded(stage, end)
        then = _growth(stage, end, RATE_THEN)
    echo(f"\n    At the ${RATE_THEN} an hour of early 2024 it was {Money(then[-1][1])}.")
    echo("\nRun B: the same weeks with policies/ in force")
    with open_stage(client, env, folder / "b", START, echo) as stage:
        guarded, sweeps = _run_guarded(stage, end)
        beats = tuple(stage.beats)
        gone = [event["at"] for event in client.deployment_events() if event["event"] == "deleted"]
    return Told(Comparison(unguarded, guarded, Money(then[-1][1]), then), beats, min(gone, default=None), sweeps)


def _run_unguarded(stage: Stage, end: datetime) -> Bill:
    model = _train(stage)
    _deploy(stage, model, "--unguarded")
    _use(stage)
    stage.client.advance(to=stage.now() + IN_USE)
    stage.beat("The team turns to something else. Both deployments stay.")
    _stray_call(stage, end)
    stage.client.advance(to=end)
    stage.beat("Somebody looks at the bill, and at deployer.")
    stage.run("init", lines=4)
    stage.run("guard", "plan", lines=14)
    stage.run("spend", "show", "--period", "all", "--by", "meter")
    return _bill(stage, "A, no guard", end)


def _run_guarded(stage: Stage, end: datetime) -> tuple[Bill, int]:
    stage.run("init")
    _enforce(stage.folder / "policies")
    stage.beat("policies/ is set to `mode: enforce`.")
    stage.run("policy", "check")
    model = _train(stage, lines=4)
    _deploy(stage, model)
    _use(stage, lines=3)
    stage.echo("\n  $ deployer serve --no-web    # a sweep an hour, and at each instant that is known ahead")
    scheduler = Scheduler(stage)
    scheduler.play(stage.now() + IN_USE)
    stage.beat("The team turns to something else. Both deployments stay.")
    scheduler.play(end)
    stage.ask("guard", "plan")
    stage.beat("Somebody looks at the bill.")
    stage.run("spend", "show", "--period", "all", "--by", "meter")
    bill = _bill(stage, "B, guarded", end)
    stage.run("deployment", "call", TUNED, QUESTION, expect=1)
    stage.run("journal", "list", lines=8)
    stage.run("deployment", "restore", TUNED)
    stage.run("deployment", "call", TUNED, QUESTION)
    return bill, scheduler.sweeps


# --- scenes -----------------------------------------------------------------------------------


def _train(stage: Stage, lines: int = 10) -> str:
    """Check and price the data, train on it, wait for the end; returns the fine-tuned model's name."""
    job = ("--account", ACCOUNT, "--provider", "azure", "--model", f"{MODEL}-{VERSION}", "--epochs", "3")
    files = ("support.jsonl", "--validation", "validation.jsonl")
    stage.run("dataset", "check", *files, "--model", MODEL, lines=lines)
    stage.run("finetune", "estimate", *files, *job, lines=lines)
    text = stage.run("finetune", "start", *files, *job, "--suffix", "support", "--watch", lines=lines + 6)
    jobs = stage.ask("finetune", "list", "--provider", "azure")
    if not jobs or not jobs[0]["fine_tuned_model"]:
        raise LookupError(f"no fine-tuned model came out of the job:\n{text}")
    return str(jobs[0]["fine_tuned_model"])


def _deploy(stage: Stage, model: str, *options: str) -> None:
    where = ("--account", ACCOUNT, "--provider", "azure")
    stage.run("deployment", "create", TUNED, *where, "--model", model, *options)
    stage.run("deployment", "create", BASE, *where, "--model", MODEL, "--version", VERSION, *options, lines=4)


def _use(stage: Stage, lines: int = 12) -> None:
    """One call that is shown, and two days of other programs' calls."""
    stage.run("deployment", "call", TUNED, QUESTION, lines=lines)
    begin = stage.now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    stream = {"account": ACCOUNT, "start": begin, "end": begin + IN_USE - timedelta(hours=2)}
    tokens = {"requests_per_hour": 40, "input_tokens": 320, "output_tokens": 90}
    stage.client.traffic([{**stream, **tokens, "deployment": name} for name in (TUNED, BASE)])
    stage.beat("Two days of use: 40 calls an hour to the fine-tune and as many to its base model.")


def _enforce(policies: Path) -> None:
    """What a person does after reading the plans of a few days."""
    for file in policies.glob("*.yaml"):
        file.write_text(
            file.read_text(encoding="utf-8").replace("mode: observe\n", "mode: enforce\n"), encoding="utf-8"
        )


def _stray_call(stage: Stage, end: datetime) -> None:
    at = (START + STRAY).replace(hour=9)
    if at < end:
        one = {"account": ACCOUNT, "deployment": TUNED, "start": at, "end": at + timedelta(hours=1)}
        stage.client.traffic([{**one, "requests_per_hour": 1, "input_tokens": 320, "output_tokens": 90}])
        stage.client.advance(to=at + timedelta(hours=1))
        stage.beat("A script that nobody remembers calls it once: Azure's own 15-day clean-up starts over.")


# --- bills ------------------------------------------------------------------------------------


def _bill(stage: Stage, title: str, end: datetime) -> Bill:
    """What the ledger accrued and what the sandbox invoices for the same stretch."""
    rows = stage.ask("spend", "show", "--period", "all")
    total = next(row for row in rows if row["name"] == "total")
    invoice = stage.client.invoice(end=end)
    lines = tuple(
        Line(
            f"{line['meter']} of {line.get('deployment') or line.get('job')}",
            f"{Decimal(line['quantity']):,.2f} x {line['unit']}",
            Money(Decimal(line["amount"])),
        )
        for line in invoice["lines"]
    )
    accrued = Money(Decimal(str(total["accrued"]["high"]["amount"])))
    return Bill(title, accrued, Money(Decimal(invoice["exact"])), lines, _growth(stage, end))


def _growth(stage: Stage, end: datetime, hosting_rate: str | None = None) -> tuple[tuple[datetime, Decimal], ...]:
    """The sandbox's invoice at the end of each half day."""
    step, at, points = timedelta(hours=12), START, [(START, Decimal(0))]
    while at < end:
        at = min(at + step, end)
        points.append((at, Decimal(stage.client.invoice(end=at, hosting_rate=hosting_rate)["exact"])))
    return tuple(points)
