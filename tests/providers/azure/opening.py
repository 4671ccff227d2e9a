"""The shape of the fixture that opens a provider with some things otherwise."""

from collections.abc import Callable

from deployer.ports.cloud import Provider

Connect = Callable[..., Provider]
