"""Fine-tuning in Azure: the protocol both clouds share, on each account's own data plane."""

from deployer.providers.azure.cloud import Cloud
from deployer.providers.azure.dataplane import DataPlane
from deployer.providers.azure.mapping import PROVIDER
from deployer.providers.finetuning import FineTuning


def open_training(cloud: Cloud, plane: DataPlane) -> FineTuning:
    """The port `Training`; `training_tier` of a job goes out as `trainingType`."""
    return FineTuning(PROVIDER, plane.client, plane.attempts, cloud.clock)
