"""What could not be observed, in as few lines as it takes: a metric that never came alive hides many deployments."""

from collections.abc import Iterable

from deployer.domain.snapshot import Gap

MOST_NAMED = 5


def gathered(gaps: Iterable[Gap]) -> list[str]:
    """One line for all that one cause hides."""
    places: dict[tuple[str, str], list[str]] = {}
    for gap in gaps:
        places.setdefault((gap.what, gap.cause), []).append(gap.where)
    return [f"{what} of {_some(where)}: {cause}" for (what, cause), where in places.items()]


def _some(names: list[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more
