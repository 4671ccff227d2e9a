"""What a cloud offers in one place: models with the dates on which they end, and the SKUs that serve them.

The vendor's own list is the authority: printed dates disagree between documents. A date that is absent
and one that cannot be read are both unknown, and neither means that there is no end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property


@dataclass(frozen=True)
class OfferedSku:
    """One way to deploy a model. `tuned`: for fine-tuned models of it; `hosted`: pays by the hour, None if not said.

    `usage_name` is the quota that a deployment counts against; `capacity` holds the vendor's `minimum`,
    `maximum`, `step` and `default`, those that it gives, and `allowed` the only sizes if it lists them.
    """

    name: str
    tuned: bool = False
    hosted: bool | None = None
    retires: datetime | None = None
    usage_name: str = ""
    capacity: Mapping[str, int] = field(default_factory=dict)
    unreadable: str = ""
    allowed: tuple[int, ...] = ()

    def refuses(self, units: int) -> str:
        """Why it does not take so many units; "" when it does, as far as the vendor says."""
        least, most, step = (self.capacity.get(name, 0) for name in ("minimum", "maximum", "step"))
        if self.allowed and units not in self.allowed:
            return f"it takes only {', '.join(f'{size:,}' for size in sorted(self.allowed))} units, not {units:,}"
        if least > 0 and units < least:
            return f"it takes at least {least:,} units, not {units:,}"
        if most > 0 and units > most:
            return f"it takes at most {most:,} units, not {units:,}"
        if step > 1 and units % step and (units - least) % step:
            below = least + (units - least) // step * step
            return f"it takes steps of {step:,} units: {below:,} or {below + step:,}, not {units:,}"
        return ""


@dataclass(frozen=True)
class OfferedModel:
    """One version of a model. `inference_until`: the last it answers; `fine_tune_until`: the last it can be trained.

    `unreadable` names dates that came and could not be read. `tunable` is None where the vendor does not say.
    """

    name: str
    version: str = ""
    lifecycle: str = ""
    default: bool = False
    tunable: bool | None = None
    inference_until: datetime | None = None
    fine_tune_until: datetime | None = None
    skus: tuple[OfferedSku, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """`gpt-4.1-mini-2025-04-14`: how a fine-tune names what it was made of."""
        return f"{self.name}-{self.version}" if self.version else self.name

    def sku(self, name: str, *, tuned: bool) -> OfferedSku | None:
        """The SKU of that name for fine-tuned or for base models."""
        return next((one for one in self.skus if one.name.lower() == name.lower() and one.tuned == tuned), None)


@dataclass(frozen=True)
class ModelList:
    """All models of one place (an Azure region, an OpenAI project), where they were read, and when."""

    provider: str
    place: str
    models: tuple[OfferedModel, ...]
    source: str
    as_of: datetime

    def find(self, name: str, version: str = "") -> OfferedModel | None:
        """A model by its name and version, or by both in one; its default version when none is named."""
        same = self._by_name.get(name.lower(), [])
        if version:
            same = [one for one in same if one.version.lower() == version.lower()]
        else:
            same = [one for one in same if one.default] or same
        return same[0] if same else self._by_full_name.get(name.lower())

    @cached_property
    def _by_name(self) -> dict[str, list[OfferedModel]]:
        """A sweep asks for each of its deployments."""
        found: dict[str, list[OfferedModel]] = {}
        for model in self.models:
            found.setdefault(model.name.lower(), []).append(model)
        return found

    @cached_property
    def _by_full_name(self) -> dict[str, OfferedModel]:
        return {model.full_name.lower(): model for model in reversed(self.models)}
