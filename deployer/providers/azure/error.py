"""Every failure of the Azure SDKs as a `CloudError` in plain words.

Nothing of azure-core, azure-identity or msal may escape from this room: an unmapped error
would be a traceback for people, and could carry what must not be shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from deployer.errors import CloudError, Conflict, Forbidden, NotFound, Throttled, Unreachable
from deployer.providers.trust import TRUST, WHOM, is_mistrusted

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError, HttpResponseError

_KINDS: Mapping[int, type[CloudError]] = {401: Forbidden, 403: Forbidden, 409: Conflict}

Scrub = Callable[[str], str]

_OFFLINE = re.compile(r"Errno|Max retries|Connection aborted|timed out|No address", re.IGNORECASE)
"""How azure-identity words a sign-in that never came to its server."""
_ACTION = re.compile(r"action\W+(Microsoft\.[\w./*]+\w)", re.IGNORECASE)
ROLES = "give the credential the role that the README lists; `deployer doctor` tries each right"
SIGN_IN = "check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or sign in again; `deployer doctor` tries it"
NETWORK = "check the network and the endpoint settings; `deployer doctor` tries each"
LATER = "try again later"
CHANGE = "it is refused as it was asked for: change what the message names"
ABSENT = "it is gone, or what it belongs to: `deployer deployment list` shows what there is"
LOOK = "look whether it is there before trying again"


def cloud_error(what: str, error: AzureError, scrub: Scrub) -> CloudError:
    """`cannot {what}: ...` for an exception that the SDK raised."""
    from azure.core.exceptions import (
        ClientAuthenticationError,
        HttpResponseError,
        IncompleteReadError,
        ServiceRequestError,
        ServiceResponseError,
    )

    if is_mistrusted(error):
        return Unreachable(scrub(f"cannot {what}: no connection ({_first_line(error)}; {WHOM})"), next_step=TRUST)
    if isinstance(error, ClientAuthenticationError):
        step = NETWORK if _OFFLINE.search(str(error)) else SIGN_IN
        return Forbidden(scrub(f"cannot {what}: sign-in failed: {_first_line(error)}"), status=401, next_step=step)
    if isinstance(error, ServiceRequestError):
        if type(error).__name__ == "OutOfTime":
            return Unreachable(scrub(f"cannot {what}: out of time"), next_step=LATER)
        return Unreachable(scrub(f"cannot {what}: no connection ({_first_line(error)})"), next_step=NETWORK)
    if isinstance(error, ServiceResponseError | IncompleteReadError):
        message = f"cannot {what}: the connection was cut before the whole answer came ({_first_line(error)})"
        return Unreachable(scrub(message), maybe_done=True, next_step=NETWORK)
    if isinstance(error, HttpResponseError):
        return _answered(what, error, scrub)
    return CloudError(scrub(f"cannot {what}: {_first_line(error)}"))


def refusal(
    what: str, status: int, code: str, words: str, scrub: Scrub, *, retry_after: float | None = None
) -> CloudError:
    """`cannot {what}: ...` for an answer with an error status."""
    said = f"{code}: {words}" if code and words else code or words or "no reason given"
    message = scrub(f"cannot {what}: {status} {said}")
    if status == 429:
        return Throttled(message, retry_after=retry_after, code=code, next_step=LATER)
    kind = _missing_kind(code) if status == 404 else _KINDS.get(status, CloudError)
    missing = ABSENT if kind is NotFound else NETWORK
    step = {401: SIGN_IN, 403: _right(words), 404: missing, 409: LATER}.get(status, LATER if status >= 500 else CHANGE)
    return kind(message, status=status, code=code, maybe_done=status >= 500, next_step=step)


def _right(words: str) -> str:
    """The next step after a 403: Azure names the action that it missed, in the control plane and the data plane."""
    action = next(iter(_ACTION.findall(words)), "")
    return f"give the credential the right {action}; `deployer doctor --role ...` prints a role" if action else ROLES


def _missing_kind(code: str) -> type[CloudError]:
    """404 is absence only when Azure says so: a hidden subscription or a foreign server answers 404 too."""
    lowered = code.lower()
    if "subscription" in lowered:
        return Forbidden
    return NotFound if lowered.endswith("notfound") else CloudError


def words_of(document: Any) -> tuple[str, str]:
    """Code and message of an error body: `{"error": {"code", "message"}}`, or the same without the wrapper."""
    if not isinstance(document, Mapping):
        return "", ""
    lowered = {str(name).lower(): value for name, value in document.items()}
    inner = lowered.get("error", document)
    if not isinstance(inner, Mapping):
        return str(inner or ""), str(lowered.get("error_description") or "")
    fields = {str(name).lower(): value for name, value in inner.items()}
    return str(fields.get("code") or ""), " ".join(str(fields.get("message") or "").split())


def _answered(what: str, error: HttpResponseError, scrub: Scrub) -> CloudError:
    status = error.status_code or 0
    inner = error.error
    code = str(getattr(inner, "code", "") or "")
    words = str(getattr(inner, "message", "") or "") or _first_line(error)
    if status < 400:
        message = scrub(f"cannot {what}: {code or 'failed'}: {words}")
        return CloudError(message, status=status, code=code, maybe_done=not code, next_step=LOOK)
    return refusal(what, status, code, words, scrub)


_PAIR = re.compile(r"""^\(["'](.*?)["'], \w+\(.*\)\)$""", re.DOTALL)
"""How `requests` prints an error that holds another: `("Connection aborted: ...", RemoteDisconnected('...'))`."""
_WRAPPED = re.compile(r"""\b\w+\(["'](.+?)["']\)""")


def _first_line(error: Exception) -> str:
    """The sentence that matters: what follows is trace and correlation ids, or advice for programmers."""
    lines = _WRAPPED.sub(r"\1", _PAIR.sub(r"\1", str(error).strip())).splitlines()
    return lines[0].strip().removesuffix(".") if lines else type(error).__name__
