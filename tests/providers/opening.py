"""Both clouds as the sandbox serves them, through the real SDKs, with some things otherwise."""

from collections.abc import Callable, Sequence
from typing import Any

from deployer.clock import Clock
from deployer.domain.deployment import Account
from deployer.ports.cloud import Connection, Provider
from deployer.providers import azure, openai
from deployer.sandbox.process import Sandbox

BASE = "gpt-4.1-mini-2025-04-14"
Connect = Callable[..., Provider]
"""`connect(retries=1, AZURE_CLIENT_SECRET="wrong")`; "" unsets a setting."""

_PLUGINS = {"azure": azure.connect, "openai": openai.connect}


def open_provider(
    cloud: str,
    sandbox: Sandbox,
    clock: Clock,
    retries: int = 5,
    scrub: Callable[[str], str] = str,
    written: Sequence[Account] = (),
    **settings: str,
) -> Provider:
    options: dict[str, Any] = {"ca_bundle": sandbox.ca_file, "retries": retries, "scrub": scrub}
    options["written"] = lambda: written
    provider = _PLUGINS[cloud](Connection({**sandbox.env, **settings}, **options), clock)
    assert provider is not None
    return provider
