"""Bounded attempts around the openai SDK, on our own clock.

The SDK's retries sleep in real time and know nothing of what a repeated call would do, so
they are switched off (`max_retries=0`) and repeated here: at most `retries` times, waiting
as long as the vendor asks, never longer than `longest_wait`, nor past the deadline. What remains
becomes a `CloudError` in plain words, scrubbed of secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from deployer.clock import Clock
from deployer.deadline import CALL, deadline, left
from deployer.errors import CloudError, Conflict, Forbidden, NotFound, Throttled, Unreachable
from deployer.providers.answer import Unreadable
from deployer.providers.heading import seconds_until
from deployer.providers.trust import TRUST, WHOM, is_mistrusted

if TYPE_CHECKING:
    from openai import APIConnectionError, APIStatusError

T = TypeVar("T")

_HOPELESS = {"insufficient_quota", "project_spend_limit_exceeded", "organization_spend_limit_exceeded"}
"""429 codes that no waiting cures within a job's life."""

_FINAL = {"unexpectedEntityState"}
"""409 codes that say what a thing is, and that no waiting changes."""

TIMED_OUT = "timed_out"
"""The code of an error after which the service may still be at work."""

GARBLED = "something else may answer in the service's place: check the endpoint settings and the proxy"
_LATER = "try again later"
_CHANGE = "it is refused as it was asked for: change what the message names"

_STEP_BY_STATUS = {
    401: "check the key: `deployer doctor` says which one is used",
    403: "give the credential this right; `deployer doctor` tries each",
    404: "check the name, the account and the endpoint",
    409: _LATER,
}

_NEXT_STEPS = {
    "training_not_available": "this organisation cannot create fine-tunes here any more: use --provider azure",
    "insufficient_quota": "raise the organisation's limit or add credit, then try again",
    "project_spend_limit_exceeded": "raise the project's spend limit, or wait for the month to end",
    "organization_spend_limit_exceeded": "raise the organisation's spend limit, or wait for the month to end",
}


@dataclass(frozen=True)
class Attempts:
    """Runs one SDK call with bounded retries; `what` names it in errors (`list fine-tune jobs of X`).

    `repeatable=False` is for calls whose repetition would create a second thing: they are repeated
    only after an answer that proves that nothing was done, and otherwise raise with `maybe_done`.
    """

    clock: Clock
    retries: int = 5
    longest_wait: float = 60.0
    scrub: Callable[[str], str] = str

    def __call__(self, what: str, work: Callable[[], T], *, repeatable: bool = True) -> T:
        with deadline(self.clock, CALL) as seconds:
            if seconds <= 0:
                raise Unreachable(self.scrub(f"cannot {what}: out of time"), code=TIMED_OUT, next_step=_LATER)
            return self._repeat(what, work, repeatable)

    def _repeat(self, what: str, work: Callable[[], T], repeatable: bool) -> T:
        from openai import APIConnectionError, APIStatusError, OpenAIError

        for attempt in range(self.retries + 1):
            try:
                return work()
            except APIStatusError as error:
                failure = self._refused(what, error, repeatable)
                wait = self._asked_wait(error, attempt) if _may_repeat(error, repeatable) else None
            except APIConnectionError as error:
                failure, wait = self._cut(what, error, repeatable), _backoff(attempt)
                if failure.maybe_done or is_mistrusted(failure):
                    wait = None
            except Unreadable as error:
                raise self._garbled(what, error, repeatable) from None
            except OpenAIError as error:
                raise CloudError(self.scrub(f"cannot {what}: {error}")) from None
            if wait is None or wait > self.longest_wait or attempt == self.retries or wait >= left():
                raise failure from None
            self.clock.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _asked_wait(self, error: APIStatusError, attempt: int) -> float:
        asked = asked_wait(error.response.headers, self.clock.now())
        return _backoff(attempt) if asked is None else asked

    def _refused(self, what: str, error: APIStatusError, repeatable: bool) -> CloudError:
        status, code = error.status_code, error.code or ""
        message = self.scrub(f"cannot {what}: {status} {_words(error)}")
        step = _NEXT_STEPS.get(code, "")
        if status == 429:
            asked = asked_wait(error.response.headers, self.clock.now())
            return Throttled(message, retry_after=asked, code=code, next_step=step or _LATER)
        kind = {401: Forbidden, 403: Forbidden, 404: NotFound, 409: Conflict}.get(status, CloudError)
        step = step or _STEP_BY_STATUS.get(status, _LATER if status >= 500 else _CHANGE)
        return kind(message, status=status, code=code, maybe_done=status >= 500 and not repeatable, next_step=step)

    def _cut(self, what: str, error: APIConnectionError, repeatable: bool) -> Unreachable:
        cause = error.__cause__ or error
        mistrusted = is_mistrusted(cause)
        advice = f"; {WHOM}" if mistrusted else ""
        message = self.scrub(f"cannot {what}: no answer ({type(cause).__name__}: {cause}{advice})")
        return Unreachable(
            message,
            code=TIMED_OUT if _timed_out(cause) else "",
            maybe_done=not repeatable and not _never_left(cause),
            next_step=TRUST if mistrusted else "check the network and the endpoint; `deployer doctor` tries each",
        )

    def _garbled(self, what: str, cause: Unreadable, repeatable: bool) -> CloudError:
        return CloudError(
            self.scrub(f"cannot {what}: the answer cannot be read: {cause}"),
            maybe_done=not repeatable,
            next_step=GARBLED,
        )


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds the vendor asks to wait, from any of its headers; None when it does not say."""
    for name, scale in (("retry-after-ms", 1000.0), ("x-ms-retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name, "").strip()
        if not value:
            continue
        try:
            return max(0.0, float(value) / scale)
        except ValueError:
            if (seconds := seconds_until(value, now)) is not None:
                return seconds
    return None


def _backoff(attempt: int) -> float:
    return float(min(30.0, 0.5 * 2**attempt))


def _may_repeat(error: APIStatusError, repeatable: bool) -> bool:
    if error.code in _HOPELESS or error.code in _FINAL:
        return False
    if error.status_code in {408, 409, 429}:
        return True
    return error.status_code >= 500 and repeatable


def _never_left(cause: BaseException) -> bool:
    """Whether the request cannot have reached the service."""
    import httpx2

    return isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout)


def _timed_out(cause: BaseException) -> bool:
    import httpx2

    return isinstance(cause, httpx2.TimeoutException)


def _words(error: APIStatusError) -> str:
    """The vendor's own sentence, without the SDK's dump of the body."""
    body = error.body
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        said = inner.get("message") if isinstance(inner, Mapping) else inner
        text = str(said or "") or str(error.message)
    else:
        text = str(error.message)
    return f"({error.code}) {text}" if error.code else text
