"""OpenAI as one object behind the ports; nothing is called before it is asked for something."""

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
from deployer.providers.openai.billing import OpenAIBilling
from deployer.providers.openai.caps import OpenAICaps
from deployer.providers.openai.catalog import OpenAICatalog
from deployer.providers.openai.check import Checkup
from deployer.providers.openai.cloud import PROVIDER, Cloud
from deployer.providers.openai.deployments import OpenAIDeployments, OpenAIQuotas
from deployer.providers.openai.inventory import OpenAIInventory
from deployer.providers.openai.training import OpenAITraining
from deployer.providers.openai.usage import OpenAIUsage


class OpenAIProvider:
    def __init__(self, connection: Connection, clock: Clock) -> None:
        cloud = Cloud(connection, clock)
        inventory, billing = OpenAIInventory(cloud), OpenAIBilling(cloud)
        training = OpenAITraining(PROVIDER, cloud.client, cloud.attempts, clock)
        self.name = PROVIDER
        self.inventory: Inventory = inventory
        self.usage: Usage = OpenAIUsage(cloud)
        self.deployments: Deployments = OpenAIDeployments(cloud)
        self.quotas: Quotas = OpenAIQuotas()
        self.billing: Billing = billing
        self.caps: Caps | None = OpenAICaps(cloud)
        self.training: Training = training
        self.catalog: Catalog = OpenAICatalog(cloud)
        self._checkup = Checkup(cloud, inventory, billing, training)

    def check(self) -> tuple[Check, ...]:
        return self._checkup.run()
