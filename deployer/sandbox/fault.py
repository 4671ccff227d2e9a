"""Faults to order: which requests go wrong, how, how often, and the same again under one seed."""

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

KINDS = frozenset(
    {
        "status", "cut_before", "cut_after", "slow", "expired_token", "reshaped",
        "metrics_null", "metrics_empty", "metrics_truncated", "metrics_error_code",
    }
)  # fmt: skip
KEYS = frozenset(
    {"kind", "method", "path", "operation", "status", "headers", "body", "seconds", "takes", "after", "times", "rate",
     "add", "drop", "lower"}
)  # fmt: skip


class InvalidFault(ValueError):
    """A fault that cannot be ordered."""


@dataclass
class Fault:
    """One ordered fault; `times` is how often it still happens (None: without end), `after` how many pass it first.

    `seconds` is how long a slow answer is really held back; `takes` is how far the request moves virtual
    time on, so that services that answer late, whatever they answer, can be played without waiting. A
    `reshaped` answer has the keys of `add` besides its own in every object, lacks those of `drop`, and with
    `lower` has all its own in lower case.
    """

    id: int
    kind: str
    method: str = ""
    path: re.Pattern[str] | None = None
    operation: str = ""
    status: int = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    seconds: float = 0.05
    takes: float = 0.0
    after: int = 0
    times: int | None = None
    rate: float = 1.0
    add: Mapping[str, Any] = field(default_factory=dict)
    drop: Collection[str] = ()
    lower: bool = False

    def fits(self, method: str, path: str, operation: str) -> bool:
        return (
            self.times != 0
            and (not self.kind.startswith("metrics_") or operation.startswith("metrics."))
            and self.method in ("", method)
            and (not self.operation or self.operation == operation)
            and (self.path is None or self.path.search(path) is not None)
        )


def parse_fault(number: int, order: Mapping[str, Any]) -> Fault:
    """Raises InvalidFault with what is wrong."""
    unknown = sorted(set(order) - KEYS)
    if unknown:
        raise InvalidFault(f"unknown keys {', '.join(unknown)}; known are {', '.join(sorted(KEYS))}")
    if order.get("kind") not in KINDS:
        raise InvalidFault(f"kind is {order.get('kind')!r}; expected one of {', '.join(sorted(KINDS))}")
    values = {key: value for key, value in order.items() if value is not None}
    try:
        pattern = re.compile(values.pop("path"), re.IGNORECASE) if "path" in values else None
        return Fault(number, path=pattern, method=str(values.pop("method", "")).upper(), **values)
    except re.error as error:
        raise InvalidFault(f"path is not a regular expression: {error}") from error


class Faults:
    """The ordered faults; the first that fits a request happens to it.

    Whether a fault with a `rate` happens depends on the seed, the fault, the request and how
    often that request was made, not on which of two parallel requests came first.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._faults: list[Fault] = []
        self._ordered = 0
        self._seen: dict[tuple[int, str, str], int] = {}

    def order(self, order: Mapping[str, Any]) -> int:
        fault = parse_fault(self._ordered + 1, order)
        self._ordered += 1
        self._faults.append(fault)
        return fault.id

    def clear(self) -> None:
        self._faults.clear()
        self._seen.clear()

    def strike(self, method: str, path: str, operation: str) -> Fault | None:
        """The fault that happens to this request, if one does."""
        for fault in self._faults:
            if fault.fits(method, path, operation) and self._drawn(fault, method, path):
                if fault.after:
                    fault.after -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None

    def _drawn(self, fault: Fault, method: str, path: str) -> bool:
        if fault.rate >= 1:
            return True
        key = (fault.id, method, path)
        number = self._seen[key] = self._seen.get(key, 0) + 1
        digest = hashlib.blake2b(f"{self._seed}:{key}:{number}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") / 2**64 < fault.rate
