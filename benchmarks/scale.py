"""One sweep over 1,000 accounts in 8 subscriptions, 100 ms away and with Resource Manager's true limits.

A sweep has to end long before the next one, in little memory, without being told to slow down:
at most 15 s, below 200 MB and without a 429, with the default number of workers.
Run: python benchmarks/scale.py [--accounts 1000] [--subscriptions 8] [--each 1] [--latency 0.1] [--workers N]
"""

import argparse
import resource
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deployer.app import App
from deployer.guard.sweep import plan_sweep
from deployer.sandbox.client import SandboxClient
from deployer.sandbox.process import Sandbox, start
from deployer.settings import load_settings

AGE = timedelta(days=3)
REGIONS = ("eastus2", "swedencentral")
MODEL = "gpt-4.1-mini-2025-04-14.ft-{number:032x}-scale"
SUBSCRIPTION = "00000000-0000-4000-8000-{number:012}"
POLICY = """
version: 1
mode: observe
policies:
  - name: all
    match: {fine_tuned: true}
    budget: {amount: 1000000 USD, period: month}
    idle: {after: 24h, warn: 2h, then: undeploy, grace: 6h}
"""
MOST_SECONDS, MOST_MEGABYTES = 15.0, 200


@dataclass(frozen=True)
class Size:
    """How much there is to see, and how far away it is."""

    accounts: int = 1000
    subscriptions: int = 8
    each: int = 1
    latency: float = 0.1


@dataclass(frozen=True)
class Figures:
    """What one sweep took; `throttled` counts the answers 429."""

    calls: int
    throttled: int
    seconds: float
    megabytes: float

    @property
    def reached(self) -> bool:
        return self.seconds <= MOST_SECONDS and self.megabytes < MOST_MEGABYTES and not self.throttled

    def __str__(self) -> str:
        verdict = "reached" if self.reached else "NOT reached"
        memory = f"peak {self.megabytes:,.0f} MB"
        return f"{self.calls:>6,} calls {self.seconds:>6.2f} s  {memory}  {self.throttled} throttled   aims {verdict}"


def populate(client: SandboxClient, size: Size) -> None:
    """Accounts over two regions, made three days before the machine's own time, called for two days."""
    begin = datetime.now(UTC) - AGE
    client.reset(seed=0, start=begin, frozen=False, empty=True, latency=size.latency)
    place = [SUBSCRIPTION.format(number=index % size.subscriptions) for index in range(size.accounts)]
    names = [f"aoai-{number:04}" for number in range(size.accounts)]
    client.create_accounts(
        [{"name": name, "region": REGIONS[i // 8 % 2], "subscription": place[i]} for i, name in enumerate(names)]
    )
    made = [
        {"account": name, "name": f"ft-{number}", "model": MODEL.format(number=index * size.each + number)}
        for index, name in enumerate(names)
        for number in range(size.each)
    ]
    client.create_deployments(made)
    span = {"start": begin, "end": begin + timedelta(days=2), "requests_per_hour": 6, "input_tokens": 300}
    client.traffic([{"account": one["account"], "deployment": one["name"], **span} for one in made])
    client.advance(to=begin + AGE)


def sweep(sandbox: Sandbox, size: Size, workers: int | None = None) -> Figures:
    """A first sweep by a fresh guard. Ends the program when not everything was seen and judged."""
    populate(sandbox.client, size)
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "policy.yaml"
        policy.write_text(POLICY)
        subscriptions = ",".join(SUBSCRIPTION.format(number=number) for number in range(size.subscriptions))
        env = {name: value for name, value in sandbox.env.items() if not name.startswith(("OPENAI_", "DEPLOYER_CLOCK"))}
        env |= {"DEPLOYER_HOME": folder, "DEPLOYER_POLICIES": str(policy), "AZURE_SUBSCRIPTION_ID": subscriptions}
        with closing(App.from_settings(load_settings(env, Path(folder)))) as app:
            if workers:
                vars(app)["connection"] = replace(app.connection, workers=workers)
            context, begin = app.guard_context(), time.perf_counter()
            plan = plan_sweep(context).plan
            seconds = time.perf_counter() - begin
    judged = [finding for finding in plan.findings if finding.rule == "idle"]
    if len(judged) != size.accounts * size.each or plan.gaps:
        raise SystemExit(f"not a fair run: {len(judged)} judged, {len(plan.gaps)} gaps {plan.gaps[:2]}")
    throttled = sum(line["status"] == 429 for line in sandbox.client.log())
    return Figures(sandbox.client.requests()["total"], throttled, seconds, peak_megabytes())


def peak_megabytes() -> float:
    """The most memory that this process has held."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 2**20 if sys.platform == "darwin" else most / 2**10


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, kind in (("accounts", int), ("subscriptions", int), ("each", int), ("latency", float)):
        parser.add_argument(f"--{name}", type=kind, default=getattr(Size, name))
    parser.add_argument("--workers", type=int, default=None, help="instead of the default number")
    given = vars(parser.parse_args())
    workers = given.pop("workers")
    with start() as sandbox:
        print(sweep(sandbox, Size(**given), workers))


if __name__ == "__main__":
    main()
