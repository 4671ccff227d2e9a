"""Azure as one object behind the ports; nothing is called before it is asked for something."""

from deployer.clock import Clock
from deployer.ports.cloud import (
    Billing,
    Caps,
    Catalog,
    Check,
    Connection,
    Deployments,
    Inventory,
    Quotas,
    Training,
    Usage,
)
from deployer.providers.azure.billing import AzureBilling
from deployer.providers.azure.catalog import AzureCatalog
from deployer.providers.azure.check import Checkup
from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.dataplane import DataPlane
from deployer.providers.azure.deployments import AzureDeployments
from deployer.providers.azure.inventory import AzureInventory
from deployer.providers.azure.mapping import PROVIDER
from deployer.providers.azure.quota import AzureQuotas
from deployer.providers.azure.training import open_training
from deployer.providers.azure.usage import AzureUsage


class AzureProvider:
    def __init__(self, connection: Connection, clock: Clock) -> None:
        cloud = Cloud(connection, clock)
        inventory, billing, plane = AzureInventory(cloud), AzureBilling(cloud), DataPlane(cloud)
        self.name = PROVIDER
        self.inventory: Inventory = inventory
        self.usage: Usage = AzureUsage(cloud)
        self.deployments: Deployments = AzureDeployments(cloud, inventory, plane)
        self.quotas: Quotas = AzureQuotas(cloud)
        self.billing: Billing = billing
        self.caps: Caps | None = None
        self.training: Training = open_training(cloud, plane)
        catalog = AzureCatalog(cloud)
        self.catalog: Catalog = catalog
        self._checkup = Checkup(cloud, inventory, billing, catalog)

    def check(self) -> tuple[Check, ...]:
        return self._checkup.run()
