"""Where data is processed, by the tier that serves or trains a model.

Azure (learn.microsoft.com, "Deployment types" and "Data, privacy, and security for Azure OpenAI", read 2026-11-20):
names with Global may be processed in any geography where the model is deployed, names with DataZone
anywhere in the data zone (the United States, or the member nations of the European Union), others in the
geography of the resource; Developer gives no data residency. What is stored at rest stays in the resource's
geography with all but Developer. Global and Developer training give no residency either.

OpenAI (developers.openai.com/api/docs/guides/your-data and /data-residency, read 2026-11-20): data sent to
the API is not used for training unless the organisation opts in, and no parameter of a request has a say in
it; logs for abuse monitoring are kept for up to 30 days; files and fine-tuned models until they are deleted.
Residency is an option of a project, which the API does not show, so none is assumed.
"""

from enum import StrEnum

from deployer.domain.deployment import Tier

AZURE_RETENTION = (
    "Azure: training files and fine-tuned models stay in the resource's geography until they are deleted "
    "(Developer gives no data residency); nothing is used to train base models"
)
OPENAI_RETENTION = (
    "OpenAI: API data is not trained on by default; abuse-monitoring logs are kept for up to 30 days; "
    "files and fine-tuned models until they are deleted"
)
RETENTION = {"azure": AZURE_RETENTION, "openai": OPENAI_RETENTION}


class Residency(StrEnum):
    """How narrowly it is promised where data is processed; as a rule, how wide it may be at most."""

    REGION = "region"
    ZONE = "zone"
    ANY = "any"


_WIDTH = {Residency.REGION: 0, Residency.ZONE: 1, Residency.ANY: 2}
_GIVEN = {
    Tier.REGIONAL: Residency.REGION,
    Tier.PROVISIONED: Residency.REGION,
    Tier.DATA_ZONE: Residency.ZONE,
    Tier.DATA_ZONE_PROVISIONED: Residency.ZONE,
    Tier.GLOBAL: Residency.ANY,
    Tier.GLOBAL_PROVISIONED: Residency.ANY,
    Tier.DEVELOPER: Residency.ANY,
}


def given_by(tier: Tier, sku: str = "") -> Residency | None:
    """What a tier promises; None when it is not known. Batch goes by the name of its SKU."""
    if tier is Tier.BATCH:
        return {"globalbatch": Residency.ANY, "datazonebatch": Residency.ZONE}.get(sku.lower())
    return _GIVEN.get(tier)


def breach(asked: Residency, tier: Tier, sku: str = "") -> str:
    """Why a tier does not keep what is asked, "" when it does. What is not known is not promised."""
    if asked is Residency.ANY:
        return ""
    given, name = given_by(tier, sku), sku or tier.value
    if given is None:
        return f"where {name} processes data is not known, and residency {asked} is asked for"
    if _WIDTH[given] <= _WIDTH[asked]:
        return ""
    what = "gives no residency" if given is Residency.ANY else "keeps data in its data zone only"
    return f"{name} {what}, and residency {asked} is asked for"


def processed(provider: str, tier: Tier, region: str = "", sku: str = "") -> str:
    """Where data is processed, for people."""
    if provider == "openai":
        return "OpenAI, no region promised"
    given, place = given_by(tier, sku), region or "the resource's region"
    words = {
        Residency.REGION: place,
        Residency.ZONE: f"the data zone of {place}",
        Residency.ANY: "any region, no residency",
    }
    return words[given] if given else "not known"
