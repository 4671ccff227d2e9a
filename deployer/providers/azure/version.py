"""The api-version that shows whether a deployment is paused, and the stable one where a service does not know it.

`deploymentState` came with previews; the stable versions leave it out, so that a paused deployment would look
like any other. All reads ask with the preview; a service that refuses it is asked with the stable version for a
day (such refusals were seen to pass), and reads cost the same number of calls either way.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

from deployer.clock import Clock
from deployer.errors import CloudError
from deployer.providers.azure.cloud import ARM_VERSION

T = TypeVar("T")

PREVIEW_VERSION = "2026-09-15-preview"
"""Knows `deploymentState`, `pause` and `resume`; no stable version does."""
LEARNED_FOR = timedelta(days=1)
_REFUSALS = frozenset(
    {"invalidresourcetype", "noregisteredproviderfound", "unsupportedapiversion", "invalidapiversionparameter"}
)
"""What Resource Manager answers to an api-version that it does not know."""


def is_unknown_version(error: CloudError) -> bool:
    return error.code.lower() in _REFUSALS


class ReadVersion:
    """Which version reads ask with, learned from the service. Safe to share over threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._refused_at: datetime | None = None

    def ask(self, work: Callable[[str], T]) -> T:
        """`work` with the version to ask with. Raises what it raises."""
        if self._refused_at is not None and self._clock.now() - self._refused_at < LEARNED_FOR:
            return work(ARM_VERSION)
        try:
            return work(PREVIEW_VERSION)
        except CloudError as error:
            if error.status != 400 and not is_unknown_version(error):
                raise
        found = work(ARM_VERSION)
        self._refused_at = self._clock.now()
        return found
