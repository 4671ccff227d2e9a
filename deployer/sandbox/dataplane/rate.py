"""What an answer says of the rate that is left: both vendors count a sliding minute."""

from deployer.sandbox.clock import seconds_of
from deployer.sandbox.wire import Headers
from deployer.sandbox.world import World

MINUTE = 60.0


def rate_headers(world: World, account: str, deployment: str, requests: int, tokens: int) -> Headers:
    """The limits of a minute, and what calls of the last one leave of them."""
    now = seconds_of(world.now())
    used = world.usage.series(account, deployment).total(now - MINUTE, now + 1)
    spent = used.input_tokens + used.output_tokens
    return (
        ("x-ratelimit-limit-requests", str(requests)),
        ("x-ratelimit-limit-tokens", str(tokens)),
        ("x-ratelimit-remaining-requests", str(max(0, requests - used.requests))),
        ("x-ratelimit-remaining-tokens", str(max(0, tokens - spent))),
        ("x-ratelimit-reset-requests", _until_whole(used.requests, requests)),
        ("x-ratelimit-reset-tokens", _until_whole(spent, tokens)),
    )


def _until_whole(used: int, limit: int) -> str:
    """When the limit is whole again, as it refills evenly."""
    return f"{min(MINUTE, MINUTE * used / max(1, limit)):.3f}s"
