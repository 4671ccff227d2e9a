"""What a person may wish of a cap, made definite by what is there now. Each wish only ever tightens one cap."""

from collections.abc import Callable, Sequence

from deployer.domain.cap import ORGANISATION, REQUESTS_A_MINUTE, AccountCaps, Cap, CapKind
from deployer.domain.money import Money
from deployer.errors import InvalidUsage

Wish = Callable[[AccountCaps], Cap]
"""Takes the caps of an account and returns the one that is wanted. Raises InvalidUsage when it cannot be."""


def limit_spend(amount: Money) -> Wish:
    """Refuse every call once this much is spent in a month."""
    return lambda now: Cap(CapKind.SPEND_LIMIT, _amount(amount))


def alert_at(amount: Money, recipients: Sequence[str]) -> Wish:
    """Tell `recipients` by e-mail once this much is spent in a month."""
    return lambda now: Cap(CapKind.ALERT, _amount(amount) | {"recipients": list(recipients), "subject_prefix": ""})


def limit_rate(model: str, requests: int) -> Wish:
    """At most so many requests a minute of one model."""

    def wish(now: AccountCaps) -> Cap:
        _require_project(now)
        known = {str(cap.value["model"]): cap for cap in now.of(CapKind.RATE_LIMIT) if cap.value}
        found = next((cap for name, cap in known.items() if name.lower() == model.lower()), None)
        if found is None or found.value is None:
            raise InvalidUsage(
                f"{now.account.name} has no rate limit for a model {model!r}",
                next_step=f"it has limits for: {', '.join(sorted(known)) or 'none'}",
            )
        return Cap(CapKind.RATE_LIMIT, {"model": found.value["model"], REQUESTS_A_MINUTE: requests}, found.key)

    return wish


def deny(model: str) -> Wish:
    """Withdraw one model: onto the deny list, or off the list of what is allowed."""

    def wish(now: AccountCaps) -> Cap:
        _require_project(now)
        value = now.find(CapKind.PERMISSIONS).value or {"mode": "deny_list", "models": []}
        models = [str(name) for name in value["models"]]
        if value["mode"] == "allow_list":
            models = [name for name in models if name != model]
        elif model not in models:
            models.append(model)
        return Cap(CapKind.PERMISSIONS, {"mode": value["mode"], "models": models})

    return wish


def _require_project(now: AccountCaps) -> None:
    if now.account.name == ORGANISATION:
        raise InvalidUsage("only a project has rate limits and model permissions, not the whole organisation")


def _amount(amount: Money) -> dict[str, object]:
    if amount.currency != "USD":
        raise InvalidUsage(f"{amount} cannot be a cap: they are in whole cents of USD")
    return {"amount": f"{amount.amount:f}", "currency": amount.currency}
