"""How an Azure SKU name says where a deployment runs and how it is billed.

Names as `az cognitiveservices account deployment` and ARM spell them; compared without case.
"""

from deployer.domain.deployment import Tier

_TIERS_BY_NAME = {
    "Standard": Tier.REGIONAL,
    "GlobalStandard": Tier.GLOBAL,
    "DataZoneStandard": Tier.DATA_ZONE,
    "DeveloperTier": Tier.DEVELOPER,
    "ProvisionedManaged": Tier.PROVISIONED,
    "GlobalProvisionedManaged": Tier.GLOBAL_PROVISIONED,
    "DataZoneProvisionedManaged": Tier.DATA_ZONE_PROVISIONED,
    "GlobalBatch": Tier.BATCH,
    "DataZoneBatch": Tier.BATCH,
}
_TIERS = {name.lower(): tier for name, tier in _TIERS_BY_NAME.items()}
_SPELLINGS = {name.lower(): name for name in _TIERS_BY_NAME}


def spelled(sku: str) -> str:
    """The vendor's spelling of a SKU's name; a name that is not known stays as it is."""
    return _SPELLINGS.get(sku.lower(), sku)


def tier_of(sku: str) -> Tier:
    """The tier of a SKU; `Tier.UNKNOWN` for a name that is not known, so that no price is guessed."""
    return _TIERS.get(sku.lower(), Tier.UNKNOWN)
