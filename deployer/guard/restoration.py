"""What the journal keeps of a deployment so that one command can put it back as it was.

The vendor's own document is kept whole; what a restore sends is that document without the
fields that the vendor fills in itself. Two documents are equal when the rest is.
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from deployer.domain.deployment import Account, Deployment, DeploymentId, Tier

READ_ONLY = frozenset(
    ["id", "name", "type", "etag", "systemdata", "provisioningstate", "capabilities", "ratelimits", "currentcapacity"]
)
"""Fields of the vendor's document that describe and do not ask, in lower case (services vary in spelling)."""


def pack(deployment: Deployment) -> dict[str, Any]:
    """The deployment as plain data for the journal: everything that `unpack` needs."""
    data = asdict(deployment)
    data["tier"] = deployment.tier.value
    data["created_at"] = deployment.created_at.isoformat() if deployment.created_at else None
    return data


def unpack(data: Mapping[str, Any]) -> Deployment:
    """The deployment that `pack` wrote down."""
    created_at = data.get("created_at")
    known = {name: data[name] for name in Deployment.__dataclass_fields__ if name in data}
    known |= {
        "id": DeploymentId(**data["id"]),
        "account": Account(**data["account"]),
        "tier": Tier(data["tier"]),
        "created_at": datetime.fromisoformat(created_at) if created_at else None,
    }
    return Deployment(**known)


def cleaned(body: Mapping[str, Any]) -> dict[str, Any]:
    """What to send back: `body` without what the vendor fills in, at the top and under `properties`."""
    rest = {key: value for key, value in body.items() if key.lower() not in READ_ONLY}
    properties = rest.get("properties")
    if isinstance(properties, Mapping):
        rest["properties"] = {key: value for key, value in properties.items() if key.lower() not in READ_ONLY}
    return rest


def same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two documents ask for the same deployment."""
    return cleaned(one) == cleaned(other)
