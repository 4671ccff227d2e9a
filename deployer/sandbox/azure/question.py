"""What is asked of metrics: which, over what, split and narrowed how."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from deployer.sandbox.azure.measure import MEASURES, Measure, Sample
from deployer.sandbox.azure.point import AGGREGATIONS
from deployer.sandbox.azure.series import Grains
from deployer.sandbox.resource import Refusal

STEPS = {
    "PT1M": 60, "PT5M": 300, "PT15M": 900, "PT30M": 1800, "PT1H": 3600, "PT6H": 21_600, "PT12H": 43_200, "P1D": 86_400,
}  # fmt: skip
DIMENSIONS: dict[str, Callable[[Sample], str]] = {
    "modeldeploymentname": lambda sample: sample.deployment,
    "statuscode": lambda sample: str(sample.status),
    "microsoft.resourceid": lambda sample: sample.resource,
}
_TERM = re.compile(r"^\s*([\w.]+)\s+eq\s+'([^']*)'\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Question:
    """What is asked of every resource: `wanted` by dimension, an empty set for `*`."""

    grains: Grains
    interval: str
    measures: tuple[Measure, ...]
    wanted: dict[str, frozenset[str]]
    top: int
    fault: str
    aggregations: tuple[str, ...]
    order: str

    @property
    def split(self) -> tuple[str, ...]:
        return tuple(self.wanted)


def is_wanted(sample: Sample, question: Question) -> bool:
    return all(not values or DIMENSIONS[name](sample).lower() in values for name, values in question.wanted.items())


def read_measures(given: str) -> tuple[Measure, ...]:
    """Those that are named, the first one there is when none is. Raises Refusal."""
    names = [name.strip() for name in given.split(",") if name.strip()]
    unknown = [name for name in names if name.lower() not in MEASURES]
    if unknown:
        raise Refusal(400, "BadRequest", _unknown_metrics(unknown))
    return tuple(MEASURES[name.lower()] for name in names) or (next(iter(MEASURES.values())),)


def read_aggregations(given: str, measure: Measure) -> tuple[str, ...]:
    """Those that are asked for, the metric's own without any. Raises Refusal."""
    names = tuple(name.strip().capitalize() for name in given.split(",") if name.strip())
    unknown = [name for name in names if name not in AGGREGATIONS]
    if unknown:
        raise Refusal(400, "BadRequest", f"Invalid aggregation '{unknown[0]}'; supported: {', '.join(AGGREGATIONS)}.")
    return names or (measure.primary,)


def read_filter(condition: str) -> dict[str, frozenset[str]]:
    """`A eq '*' and B eq 'x' or B eq 'y'`, by dimension in lower case. Raises Refusal."""
    wanted: dict[str, frozenset[str]] = {}
    for term in re.split(r"\s+(?:and|or)\s+", condition) if condition.strip() else ():
        found = _TERM.match(term)
        if not found or found[1].lower() not in DIMENSIONS:
            raise Refusal(400, "BadRequest", f"Invalid filter '{term}'; dimensions: {', '.join(DIMENSIONS)}.")
        name, value = found[1].lower(), found[2].lower()
        wanted[name] = frozenset() if value == "*" else wanted.get(name, frozenset()) | {value}
    return wanted


def _unknown_metrics(names: list[str]) -> str:
    valid = ",".join(measure.name for measure in MEASURES.values())
    return (
        "Failed to find metric configuration for provider: Microsoft.CognitiveServices, resource Type: accounts, "
        f"metric: {','.join(names)}, Valid metrics: {valid}"
    )
