"""The rows of Azure."""

from typing import Any

from deployer.ports.cloud import DeploymentRequest, Provider
from deployer.providers.azure.deployments import CREATE_LIMIT, DELETE_LIMIT
from tests.contract.acting import bills, call, check, forecast, models, observe, read, usage
from tests.contract.operation import DONE, GONE, UNPROVEN, Nature, Operation, target
from tests.contract.outcome import (
    billed,
    budgeted,
    checked,
    counted,
    created,
    deleted,
    foreseen,
    lists_standing,
    offers,
    paused,
    said,
    scaled,
    some,
    stands,
    used,
    whole,
)
from tests.contract.stage import Stage
from tests.contract.training_rows import training_rows


def _create(provider: Provider, stage: Stage, name: str) -> Any:
    request = DeploymentRequest(stage.account, name, "gpt-4o-mini", "2024-07-18", "GlobalStandard", 1)
    return provider.deployments.create(request)


def _placed(stage: Stage) -> str:
    name = stage.new_name()
    stage.place(name)
    return name


def _placed_whole(stage: Stage) -> Any:
    placed = stage.open().inventory.read(stage.account, _placed(stage))
    assert placed is not None
    return placed


def _named(stage: Stage, name: Any) -> int:
    reading = stage.open().inventory.observe()
    return sum(1 for one in reading.deployments if one.name == name)


QUOTA = "OpenAI.GlobalStandard.gpt-4o-mini"

AZURE = (
    Operation("inventory.observe", target("deployments.list"), Nature.OBSERVES, observe, whole, otherwise=GONE),
    Operation(
        "inventory.observe, graph", target("graph.resources"), Nature.OBSERVES, observe, whole, falls_back=True,
    ),
    Operation(
        "inventory.observe, graph and list",
        {"path": r"ResourceGraph|CognitiveServices/accounts\?"},
        Nature.OBSERVES,
        observe,
        whole,
    ),
    Operation(
        "inventory.observe, locks", target("locks.list"), Nature.OBSERVES, observe, whole,
        fresh=True, falls_back=True,
    ),
    Operation(
        "inventory.of", target("deployments.list"), Nature.READS,
        lambda provider, stage, _: provider.inventory.of(stage.account), lists_standing,
    ),
    Operation("inventory.read", target("deployments.get"), Nature.READS, read, stands, otherwise=GONE),
    Operation("sign-in", target("entra.token"), Nature.READS, read, stands, fresh=True),
    Operation(
        "usage.observe", target("metrics.batch"), Nature.OBSERVES, usage, used,
        otherwise=dict.fromkeys(("401", "403", "404"), DONE),
    ),
    Operation("usage.observe, both services", {"path": "metrics"}, Nature.OBSERVES, usage, used),
    Operation(
        "deployments.create", target("deployments.put"), Nature.SAME, _create, created,
        prepare=Stage.new_name, count=_named, limit=CREATE_LIMIT,
    ),
    Operation(
        "deployments.create, waiting", target("operations.get"), Nature.READS, _create, created,
        prepare=Stage.new_name, count=_named, limit=CREATE_LIMIT, otherwise={"409": DONE},
    ),
    Operation(
        "deployments.create, reading back", target("deployments.get"), Nature.READS, _create, created,
        prepare=Stage.new_name, count=_named, limit=CREATE_LIMIT,
    ),
    Operation(
        "deployments.delete", target("deployments.delete"), Nature.SAME,
        lambda provider, stage, name: provider.deployments.delete(stage.account, name), deleted,
        prepare=_placed, limit=DELETE_LIMIT, otherwise={**GONE, "empty body": UNPROVEN, "empty object": UNPROVEN},
    ),
    Operation(
        "deployments.scale", target("deployments.patch"), Nature.SAME,
        lambda provider, stage, placed: provider.deployments.scale(placed, placed.capacity + 1), scaled,
        prepare=_placed_whole, limit=CREATE_LIMIT, otherwise=dict.fromkeys(("empty body", "empty object"), UNPROVEN),
    ),
    Operation(
        "deployments.pause", target("deployments.pause"), Nature.SAME,
        lambda provider, stage, placed: provider.deployments.pause(placed, True), paused,
        prepare=_placed_whole, limit=DELETE_LIMIT, otherwise=dict.fromkeys(("empty body", "empty object"), UNPROVEN),
    ),
    Operation(
        "quotas.quota", target("usages.list"), Nature.READS,
        lambda provider, stage, _: provider.quotas.quota(stage.account, QUOTA), counted,
    ),
    Operation(
        "quotas.places", target("capacities.list"), Nature.READS,
        lambda provider, stage, _: provider.quotas.places(
            stage.account, "gpt-4.1-mini", "2025-04-14", "Standard", tuned=True
        ), some,
    ),
    Operation("catalog.models", target("models.list"), Nature.READS, models, offers, fresh=True),
    Operation(
        "deployments.call", target("azure.chat"), Nature.READS,
        call, said,
    ),
    Operation("billing.billed", target("costs.query"), Nature.OBSERVES, bills, billed),
    Operation(
        "billing.forecast", target("costs.forecast"), Nature.OBSERVES, forecast, foreseen,
        prepare=lambda stage: stage.elder,
    ),
    Operation(
        "billing.budgets", target("budgets.list"), Nature.OBSERVES,
        lambda provider, stage, _: provider.billing.budgets([stage.account]), budgeted,
        prepare=lambda stage: stage.budget,
    ),
    Operation("check", {"path": "ResourceGraph|CognitiveServices/accounts\\?"}, Nature.OBSERVES, check, checked,
        lambda _: "azure accounts"),
    Operation("check, budgets", target("budgets.list"), Nature.OBSERVES, check, checked, lambda _: "azure budgets"),
    *training_rows("azure"),
)  # fmt: skip
