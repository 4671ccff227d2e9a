"""How an Azure SKU name says where a deployment runs and how it is billed.

Names as `az cognitiveservices account deployment` and ARM spell them; compared without case.
"""

from deployer.domain.deployment import Tier

_TIERS = {
    "standard": Tier.REGIONAL,
    "globalstandard": Tier.GLOBAL,
    "datazonestandard": Tier.DATA_ZONE,
    "developertier": Tier.DEVELOPER,
    "provisionedmanaged": Tier.PROVISIONED,
    "globalprovisionedmanaged": Tier.GLOBAL_PROVISIONED,
    "datazoneprovisionedmanaged": Tier.DATA_ZONE_PROVISIONED,
    "globalbatch": Tier.BATCH,
    "datazonebatch": Tier.BATCH,
}


def tier_of(sku: str) -> Tier:
    """The tier of a SKU; `Tier.UNKNOWN` for a name that is not known, so that no price is guessed."""
    return _TIERS.get(sku.lower(), Tier.UNKNOWN)
