"""What the rows do that both clouds have."""

from datetime import timedelta
from typing import Any

from deployer.domain.period import Period
from deployer.ports.cloud import Provider
from tests.contract.stage import Stage


def observe(provider: Provider, stage: Stage, _: Any) -> Any:
    return provider.inventory.observe()


def read(provider: Provider, stage: Stage, _: Any) -> Any:
    return provider.inventory.read(stage.account, stage.standing.name)


def usage(provider: Provider, stage: Stage, _: Any) -> Any:
    return provider.usage.observe([stage.standing], stage.window)


def bills(provider: Provider, stage: Stage, _: Any) -> Any:
    return provider.billing.billed([stage.account], stage.window)


def forecast(provider: Provider, stage: Stage, _: Any) -> Any:
    now = stage.clock.now()
    return provider.billing.forecast([stage.account], Period(now, now + timedelta(days=5)))


def models(provider: Provider, stage: Stage, _: Any) -> Any:
    return provider.catalog.models(stage.account)


def call(provider: Provider, stage: Stage, _: Any) -> Any:
    return provider.deployments.call(stage.account, stage.standing.name, "hello")


def check(provider: Provider, stage: Stage, _: Any) -> Any:
    return provider.check()
