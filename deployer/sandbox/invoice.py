"""The true invoice, derived from what was done."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from deployer.sandbox.world import World


class Invoice:
    def __init__(
        self, world: World, start: datetime | None, end: datetime | None, hosting_rate: Decimal | None = None
    ) -> None:
        self._world = world

    def document(self) -> dict[str, Any]:
        return {"lines": [], "total": "0.00", "currency": "USD"}
