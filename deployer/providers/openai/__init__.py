"""OpenAI behind the ports, through its own SDK.

Importing this package costs nothing: the SDK is loaded when the first call is made.
"""

from deployer.clock import Clock
from deployer.ports.cloud import Connection, Provider


def connect(connection: Connection, clock: Clock) -> Provider | None:
    """OpenAI as a provider, without a call made yet; None when there is neither an API key nor an admin key."""
    if not any(connection.settings.get(name) for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY")):
        return None
    from deployer.providers.openai.provider import OpenAIProvider

    return OpenAIProvider(connection, clock)
