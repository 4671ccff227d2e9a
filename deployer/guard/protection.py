"""What a person protects no rule touches, until a person takes that back; by name, so also when it is made anew."""

from deployer.domain.deployment import DeploymentId
from deployer.errors import InvalidUsage
from deployer.guard.context import GuardContext
from deployer.guard.search import find_deployment


def protect(context: GuardContext, target: str, *, who: str, reason: str = "") -> DeploymentId:
    """Keep every act of the guard from what stands under that name. Raises NotFound, InvalidUsage or CloudError."""
    found = find_deployment(context, target).id
    context.ledger.decisions.protect(found.key, True, who, reason, context.clock.now())
    return found


def unprotect(context: GuardContext, target: str, *, who: str, reason: str = "") -> str:
    """Take a protection back, also of what is gone or cannot be read; the ledger knows the name."""
    now = context.clock.now()
    protected = context.ledger.decisions.history(now).protected
    fitting = sorted(key for key in protected if _names(target.lower(), key))
    if len(fitting) != 1:
        known = ", ".join(fitting or sorted(protected)) or "nothing"
        what = f"names {len(fitting)} protected deployments" if fitting else "is not protected"
        raise InvalidUsage(f"{target!r} {what}", next_step=f"protected: {known}; name one as account/name")
    context.ledger.decisions.protect(fitting[0], False, who, reason, now)
    return fitting[0]


def _names(wanted: str, key: str) -> bool:
    """A key is `provider:account/name`; a name may hold colons, an account may not."""
    place, _, name = key.partition("/")
    return wanted in (key, f"{place.partition(':')[2]}/{name}", name)
