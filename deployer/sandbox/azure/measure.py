"""What each metric counts, and from what: calls, the units that a deployment holds, training that was charged."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from deployer.sandbox.azure.series import Grains, Tally
from deployer.sandbox.clock import seconds_of
from deployer.sandbox.resource import PROVISIONED_SKUS, Account
from deployer.sandbox.world import World

TOKENS_PER_UNIT = 1000
"""Tokens a minute that one provisioned unit is taken to serve; the vendor's figure differs by model."""


@dataclass
class Sample:
    """One series of a metric before it is split: sums and how often it was emitted, grain by grain."""

    deployment: str
    status: int
    sums: Sequence[float]
    counts: Sequence[int]
    resource: str = ""

    @property
    def empty(self) -> bool:
        """Whether it says nothing of calls that did happen, as tokens do of failing ones: then there is no series."""
        return not any(self.sums) and any(self.counts)


@dataclass(frozen=True)
class Source:
    """What samples are made of: one account over the grains of a question."""

    world: World
    account: Account
    grains: Grains
    tallies: list[Tally]


Pick = Callable[[Tally], list[int]]


@dataclass(frozen=True)
class Measure:
    """A metric: `primary` is the aggregation that is told when none is asked for."""

    name: str
    samples: Callable[[Source], Iterable[Sample]]
    unit: str = "Count"
    primary: str = "Total"


def _counting(pick: Pick) -> Callable[[Source], Iterable[Sample]]:
    def samples(source: Source) -> Iterator[Sample]:
        for tally in source.tallies:
            yield Sample(tally.deployment, tally.status, pick(tally), tally.requests)

    return samples


def _tokens(tally: Tally) -> list[int]:
    return [one + other for one, other in zip(tally.input_tokens, tally.output_tokens, strict=True)]


def _utilization(source: Source) -> Iterator[Sample]:
    """Percent of the provisioned units that the calls of each grain took."""
    minutes = source.grains.step / 60
    for deployed in source.account.deployments.values():
        mine = [tally for tally in source.tallies if tally.deployment.lower() == deployed.name.lower()]
        if deployed.sku.lower() in PROVISIONED_SKUS and mine:
            served = [sum(tokens) for tokens in zip(*map(_tokens, mine), strict=True)]
            room = minutes * deployed.capacity * TOKENS_PER_UNIT
            percents = [round(100 * tokens / room, 3) for tokens in served]
            yield Sample(deployed.name, 200, percents, [1] * len(percents))


def _training(source: Source) -> Iterator[Sample]:
    """Hours of training in each grain, by the model that was trained."""
    grains = source.grains
    for charge in source.world.training:
        if charge.provider != "azure" or charge.account != source.account.name or charge.start is None:
            continue
        begin, end = max(seconds_of(charge.start), grains.oldest), min(seconds_of(charge.at), grains.visible)
        edges = [grains.start + index * grains.step for index in range(grains.number)]
        hours = [round(max(0.0, min(end, edge + grains.step) - max(begin, edge)) / 3600, 4) for edge in edges]
        if any(hours):
            yield Sample(charge.model, 200, hours, [int(spent > 0) for spent in hours])


MEASURES: dict[str, Measure] = {
    measure.name.lower(): measure
    for measure in (
        Measure("AzureOpenAIRequests", _counting(lambda tally: tally.requests)),
        Measure("ProcessedPromptTokens", _counting(lambda tally: tally.input_tokens)),
        Measure("GeneratedTokens", _counting(lambda tally: tally.output_tokens)),
        Measure("TokenTransaction", _counting(_tokens)),
        Measure("ModelRequests", _counting(lambda tally: tally.requests)),
        Measure("InputTokens", _counting(lambda tally: tally.input_tokens)),
        Measure("OutputTokens", _counting(lambda tally: tally.output_tokens)),
        Measure("TotalTokens", _counting(_tokens)),
        Measure("FineTunedTrainingHours", _training),
        Measure("AzureOpenAIProvisionedManagedUtilizationV2", _utilization, "Percent", "Average"),
        Measure("ProvisionedUtilization", _utilization, "Percent", "Average"),
    )
}
