"""The filter of a cost query: which rows it keeps."""

from collections.abc import Mapping
from typing import Any

from deployer.sandbox.resource import Refusal

Facts = Mapping[str, str]
"""What is known of a row, by dimension in lower case; tags as `tag:name`."""


def keeps(condition: Mapping[str, Any] | None, facts: Facts) -> bool:
    """Whether a row passes. Raises Refusal for a dimension that is not known."""
    if not condition:
        return True
    if "and" in condition:
        return all(keeps(item, facts) for item in condition["and"])
    if "or" in condition:
        return any(keeps(item, facts) for item in condition["or"])
    if "not" in condition:
        return not keeps(condition["not"], facts)
    kind = "tags" if "tags" in condition else "dimensions"
    test = condition.get(kind) or {}
    name = str(test.get("name", "")).lower()
    if kind == "dimensions" and name not in facts:
        raise Refusal(400, "BadRequest", f"Invalid query definition: Invalid dimension '{test.get('name')}'.")
    value = facts.get(f"tag:{name}" if kind == "tags" else name, "")
    return value.lower() in {str(item).lower() for item in test.get("values") or ()}
