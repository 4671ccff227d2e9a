"""Reading what the administrators' API requires in a request's body."""

from typing import Any

from deployer.sandbox.dataplane.error import openai_error


def required(body: Any, name: str, kind: type) -> Any:
    """The value of that name and kind. Raises ApiError."""
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise openai_error(400, f"Missing required parameter: '{name}'.", param=name, code="missing_required_parameter")
    return value


def read_amount(body: Any) -> int:
    """Cents a month in USD: the only currency and interval there are. Raises ApiError."""
    amount: int = required(body, "threshold_amount", int)
    for name, only in (("currency", "USD"), ("interval", "month")):
        if body.get(name) != only:
            raise openai_error(400, f"Invalid value for '{name}': expected '{only}'.", param=name)
    if amount < 0:
        raise openai_error(400, "Invalid 'threshold_amount': it is negative.", param="threshold_amount")
    return amount
