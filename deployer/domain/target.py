"""What a person means by a name: `name`, `account/name` or `provider:account/name`, without case."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Protocol, TypeVar

from deployer.domain.deployment import DeploymentId
from deployer.errors import InvalidUsage, NotFound

_SHOWN = 10


class Named(Protocol):
    @property
    def id(self) -> DeploymentId: ...


N = TypeVar("N", bound=Named)


def resolve(text: str, things: Iterable[N]) -> N:
    """The one that `text` names. Raises NotFound with near names, InvalidUsage when several fit."""
    known = list(things)
    fitting = [thing for thing in known if _names(text, thing.id)]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise InvalidUsage(
            f"{text!r} names {len(fitting)} deployments: {_list(fitting)}",
            next_step="name one as account/name or provider:account/name",
        )
    near = _near(text, known)
    raise NotFound(
        f"there is no deployment {text!r}" + (f"; did you mean {_list(near)}?" if near else ""),
        status=404,
        next_step="`deployer deployment list` shows all deployments",
    )


def is_bare(text: str, named: DeploymentId) -> bool:
    """Whether `text` names it without its account, as it may name others elsewhere."""
    return text.lower() == named.name.lower()


def _names(text: str, named: DeploymentId) -> bool:
    wanted = text.lower()
    return wanted in (named.key, f"{named.account}/{named.name}".lower(), named.name.lower())


def _near(text: str, known: list[N]) -> list[N]:
    """Those whose name resembles what was asked for, or all when they are few."""
    name = text.lower().rpartition("/")[2]
    close = get_close_matches(name, [thing.id.name.lower() for thing in known], n=_SHOWN)
    near = [thing for thing in known if thing.id.name.lower() in close]
    return near or (known if len(known) <= 3 else [])


def _list(things: Sequence[N]) -> str:
    names = sorted(str(thing.id) for thing in things)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
