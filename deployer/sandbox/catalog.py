"""The models that a region offers: versions, SKUs, life cycle, and what can be fine-tuned.

The retirement dates of the gpt-4.1 and gpt-4o families are those that Microsoft printed in 2026-11;
the others are the sandbox's own.
"""

from dataclasses import dataclass

INFERENCE_SKUS = (
    "Standard", "GlobalStandard", "DataZoneStandard", "GlobalBatch", "DataZoneBatch",
    "ProvisionedManaged", "GlobalProvisionedManaged", "DataZoneProvisionedManaged",
)  # fmt: skip
TUNED_SKUS = (
    "Standard", "GlobalStandard", "DataZoneStandard", "DeveloperTier",
    "ProvisionedManaged", "GlobalProvisionedManaged", "DataZoneProvisionedManaged",
)  # fmt: skip


@dataclass(frozen=True)
class BaseModel:
    """One version of a base model."""

    name: str
    version: str
    inference_until: str
    fine_tune_until: str = ""
    lifecycle: str = "GenerallyAvailable"
    default: bool = True
    chats: bool = True

    @property
    def full_name(self) -> str:
        """How the data plane names it; the models that are older than chat have no version there."""
        return f"{self.name}-{self.version}" if self.chats else self.name

    @property
    def released(self) -> str:
        """The day in the version's name; old versions name month and day alone, open models none."""
        if len(self.version) == 4:
            return f"2024-{self.version[:2]}-{self.version[2:]}"
        return self.version if len(self.version) == 10 else "2025-08-05"


MODELS = (
    BaseModel("gpt-4.1", "2025-04-14", "2027-10-14", "2027-04-14"),
    BaseModel("gpt-4.1-mini", "2025-04-14", "2027-10-14", "2027-04-14"),
    BaseModel("gpt-4.1-nano", "2025-04-14", "2027-10-14", "2027-04-14"),
    BaseModel("gpt-4o", "2024-08-06", "2027-10-01", "2027-04-01"),
    BaseModel("gpt-4o", "2024-11-20", "2027-10-01", default=False),
    BaseModel("gpt-4o-mini", "2024-07-18", "2027-10-01", "2027-04-01"),
    BaseModel("o4-mini", "2025-04-16", "2027-10-16", "2027-04-16"),
    BaseModel("gpt-oss-20b", "1", "2028-02-05", "2027-08-05"),
    BaseModel("gpt-4", "0613", "2026-12-31", lifecycle="Deprecated"),
    BaseModel("gpt-35-turbo", "0125", "2026-12-31", lifecycle="Deprecated"),
    BaseModel("davinci-002", "1", "2026-12-31", lifecycle="Deprecated", chats=False),
    BaseModel("babbage-002", "1", "2026-12-31", lifecycle="Deprecated", chats=False),
)
BY_NAME = {(model.name, model.version): model for model in MODELS}


def default_version(name: str) -> str:
    """The version that a deployment gets when it names none; empty for an unknown model."""
    return next((model.version for model in MODELS if model.name == name and model.default), "")


def find_base(name: str, version: str) -> BaseModel | None:
    return BY_NAME.get((name, version or default_version(name)))


def offers(region: str, sku: str) -> bool:
    """Whether a region has a SKU: the sandbox has what runs in the region itself only in some of them."""
    return sku.lower() not in REGIONAL_SKUS or region.lower() in REGIONAL


def usage_name(sku: str, model: str, fine_tuned: bool) -> str:
    """The quota that a deployment counts against, as the vendor names it."""
    if "Provisioned" in sku:
        return f"OpenAI.{sku}"
    return f"OpenAI.{sku}.{model}{'-finetune' if fine_tuned else ''}"


def sizes(sku: str, model: str) -> dict[str, int]:
    """The capacities that a SKU of a model has: provisioned ones come in blocks, as Microsoft prints them."""
    if "provisioned" not in sku.lower():
        return {"minimum": 1, "maximum": 1_000_000, "step": 1, "default": 10}
    if sku.lower() != "provisionedmanaged":
        return {"minimum": 15, "maximum": 1_000_000, "step": 5, "default": 15}
    block = 25 if "mini" in model or "nano" in model else 50
    return {"minimum": block, "maximum": 1_000_000, "step": block, "default": block}


REGIONS = ("australiaeast", "eastus", "eastus2", "japaneast", "northcentralus", "swedencentral", "westeurope")
"""Where there are models at all; accounts may stand elsewhere too, and are served alike."""
REGIONAL_SKUS = frozenset({"standard", "provisionedmanaged"})
REGIONAL = frozenset({"eastus2", "northcentralus", "swedencentral"})
QUOTA_UNITS = 5_000
"""Capacity units (1,000 tokens a minute, or PTU) that each quota allows in a region."""

MOST_TUNED = 10
"""Deployments of fine-tuned models that one account takes."""
TUNED_USAGE = "OpenAI.FineTunedDeployments"
