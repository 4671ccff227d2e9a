"""One sweep over many deployments: calls and time, against asking deployment by deployment.

The baseline is what a script with the same SDK does and what the best peer does: list the
deployments of each account through typed models, then ask for the metrics of each deployment.
Both run against the same sandbox over TLS in the same run. Run: python benchmarks/sweep.py [--small]
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from deployer.app import App
from deployer.guard.context import GuardContext
from deployer.guard.outcome import Outcome
from deployer.guard.sweep import plan_sweep
from deployer.sandbox.client import SandboxClient
from deployer.sandbox.process import Sandbox, start
from deployer.settings import load_settings

START = datetime(2026, 9, 1, tzinfo=UTC)
NOW = START + timedelta(days=3)
REGIONS = ("eastus2", "swedencentral")
MODEL = "gpt-4.1-mini-2025-04-14.ft-{number:032x}-bench"
POLICY = """
version: 1
mode: observe
policies:
  - name: bench
    match: {fine_tuned: true}
    budget: {amount: 1000000 USD, period: month}
    idle: {after: 24h, warn: 2h, then: undeploy, grace: 6h}
"""
MAX_CALLS, MAX_SECONDS = 40, 2.0


@dataclass(frozen=True)
class Figures:
    """What one way of looking cost."""

    name: str
    deployments: int
    calls: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.name:<42} {self.deployments:>7,} deployments {self.calls:>7,} calls {self.seconds:>8.2f} s"


def populate(client: SandboxClient, accounts: int, each: int) -> None:
    """Accounts over two regions; every other deployment has traffic in its first two days.

    Calls are counted and timed here, not waited for: see scale.py for Resource Manager's limits.
    """
    client.reset(seed=0, start=START, frozen=True, empty=True, arm_limits=False)
    names = [f"aoai-{number:04}" for number in range(accounts)]
    client.create_accounts([{"name": name, "region": REGIONS[i % 2]} for i, name in enumerate(names)])
    made = [
        {"account": name, "name": f"ft-{number:03}", "model": MODEL.format(number=i * each + number)}
        for i, name in enumerate(names)
        for number in range(each)
    ]
    client.create_deployments(made)
    client.traffic([_stream(one, i) for i, one in enumerate(made) if i % 2 == 0])
    client.advance(to=NOW)


def _stream(deployment: dict[str, str], number: int) -> dict[str, Any]:
    hours = 24 + number % 48
    span = {"start": START, "end": START + timedelta(hours=hours), "requests_per_hour": 12}
    return {"account": deployment["account"], "deployment": deployment["name"], **span, "input_tokens": 300}


@contextmanager
def opened(sandbox: Sandbox) -> Iterator[App]:
    """The application with a fresh ledger and one policy."""
    with tempfile.TemporaryDirectory() as folder:
        policy = Path(folder) / "policy.yaml"
        policy.write_text(POLICY)
        env = {**sandbox.env, "DEPLOYER_HOME": folder, "DEPLOYER_POLICIES": str(policy)}
        env = {name: value for name, value in env.items() if not name.startswith("OPENAI_")}
        app = App.from_settings(load_settings(env, Path(folder)))
        yield app
        app.close()


def measure(client: SandboxClient, name: str, look: Callable[[], int]) -> Figures:
    """Wall time and calls of `look`, which returns how many deployments it judged."""
    before = client.requests()["total"]
    begin = time.perf_counter()
    judged = look()
    seconds = time.perf_counter() - begin
    return Figures(name, judged, client.requests()["total"] - before, seconds)


def sweep(context: GuardContext) -> int:
    """One sweep as the guard does it; every deployment must have been judged, none unknown."""
    outcome: Outcome = plan_sweep(context)
    judged = [finding for finding in outcome.plan.findings if finding.rule == "idle"]
    unknown = [finding for finding in judged if finding.state.value == "unknown"]
    if unknown or outcome.plan.gaps:
        raise SystemExit(f"not a fair run: {len(unknown)} unknown, gaps {outcome.plan.gaps[:2]}")
    return len(judged)


def one_by_one(sandbox: Sandbox) -> int:
    """Typed lists of each account, then one metrics query for each deployment."""
    from azure.identity import ClientSecretCredential
    from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient
    from azure.monitor.querymetrics import MetricsClient

    env = sandbox.env
    os.environ["REQUESTS_CA_BUNDLE"] = sandbox.ca_file
    arm = env["DEPLOYER_AZURE_RESOURCE_MANAGER_URL"]
    credential = ClientSecretCredential(
        env["AZURE_TENANT_ID"],
        env["AZURE_CLIENT_ID"],
        env["AZURE_CLIENT_SECRET"],
        authority=env["AZURE_AUTHORITY_HOST"],
        disable_instance_discovery=True,
    )
    management: Any = CognitiveServicesManagementClient(
        credential, env["AZURE_SUBSCRIPTION_ID"], base_url=arm, credential_scopes=[f"{arm}/.default"]
    )
    seen = 0
    for account in management.accounts.list():
        group = account.id.split("/")[4]
        metrics = MetricsClient(env["DEPLOYER_AZURE_METRICS_URL"].replace("{region}", account.location), credential)
        for deployment in management.deployments.list(group, account.name):
            metrics.query_resources(
                resource_ids=[account.id],
                metric_namespace="Microsoft.CognitiveServices/accounts",
                metric_names=["AzureOpenAIRequests"],
                timespan=(NOW - timedelta(hours=24), NOW),
                granularity=timedelta(hours=1),
                aggregations=["Total"],
                filter=f"ModelDeploymentName eq '{deployment.name}'",
            )
            seen += 1
    return seen


def main() -> None:
    """Print the figures of 1,000 deployments in 20 accounts, and of 10,000 in 1,000."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="leave out 10,000 deployments in 1,000 accounts")
    wanted = parser.parse_args()
    with start(start=START) as sandbox:
        populate(sandbox.client, accounts=20, each=50)
        with opened(sandbox) as app:
            context = app.guard_context()
            first = measure(sandbox.client, "deployer, first sweep", lambda: sweep(context))
            later = measure(sandbox.client, "deployer, next sweep", lambda: sweep(context))
        baseline = measure(sandbox.client, "typed SDK, one query per deployment", lambda: one_by_one(sandbox))
        for figures in (first, later, baseline):
            print(figures)
        print(f"the first sweep takes 1/{baseline.seconds / first.seconds:.1f} of the baseline's time")
        good = first.calls <= MAX_CALLS and first.seconds <= MAX_SECONDS
        print(f"aim: at most {MAX_CALLS} calls and {MAX_SECONDS} s: {'reached' if good else 'NOT reached'}")
        if not wanted.small:
            populate(sandbox.client, accounts=1000, each=10)
            with opened(sandbox) as app:
                context = app.guard_context()
                print(measure(sandbox.client, "deployer, 1,000 accounts, first sweep", lambda: sweep(context)))


if __name__ == "__main__":
    main()
