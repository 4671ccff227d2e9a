"""Azure OpenAI behind the ports, through Microsoft's own SDKs.

Importing this package costs nothing: the SDKs are loaded when the first call is made.
"""

from deployer.clock import Clock
from deployer.ports.cloud import Connection, Provider

SIGNS = (
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_SUBSCRIPTION_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
    "IDENTITY_ENDPOINT",
    "DEPLOYER_AZURE_RESOURCE_MANAGER_URL",
)
"""Any of these settings says that Azure is meant to be used; which credential it is, azure-identity finds out."""


def connect(connection: Connection, clock: Clock) -> Provider | None:
    """Azure as a provider, without a call made yet; None when no setting names an Azure."""
    if not any(connection.settings.get(sign) for sign in SIGNS):
        return None
    from deployer.providers.azure.provider import AzureProvider

    return AzureProvider(connection, clock)
