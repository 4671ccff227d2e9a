"""What can go wrong, in the words of the person who reads it.

Every error that a user can meet is a `DeployerError`: it carries the exit code of
the process and the next step to take. Anything else that escapes is a defect.
"""

from dataclasses import dataclass


class DeployerError(Exception):
    """An error for people: what happened, and what to do next."""

    exit_code = 1

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class InvalidUsage(DeployerError):
    """The command line asks for something that cannot be (exit 2)."""

    exit_code = 2


class Refused(DeployerError):
    """A budget, policy or safety limit says no; the message shows the arithmetic (exit 3)."""

    exit_code = 3


class NotObserved(DeployerError):
    """Done, but something that a rule stands on could not be read (exit 5)."""

    exit_code = 5


class ReadOnlyLedger(DeployerError):
    """Something had to be written down, and the ledger may only be read."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong in a file; `where` is `file:line:column`, `file:line` or a setting's name."""

    where: str
    seen: str
    expected: str = ""
    suggestion: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.seen}"
        if self.expected:
            text += f"; expected {self.expected}"
        if self.suggestion:
            text += f" ({self.suggestion})"
        return text


class InvalidFile(DeployerError):
    """A policy, settings or data file is invalid; all its problems at once (exit 4)."""

    exit_code = 4

    def __init__(self, problems: tuple[Problem, ...], *, next_step: str = "") -> None:
        super().__init__("\n".join(str(problem) for problem in problems), next_step=next_step)
        self.problems = problems


class CloudError(DeployerError):
    """A cloud answered with an error, or did not answer (exit 1).

    `status` is the HTTP status, 0 when no answer came. `maybe_done` is true when the
    work may have happened although the call failed: look before doing it again.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        code: str = "",
        maybe_done: bool = False,
        next_step: str = "",
    ) -> None:
        super().__init__(message, next_step=next_step)
        self.status = status
        self.code = code
        self.maybe_done = maybe_done


class NotFound(CloudError):
    """The cloud knows no such thing (404)."""


class Forbidden(CloudError):
    """The credential is missing or lacks a right (401, 403)."""


class Conflict(CloudError):
    """Something else is being done to the same thing (409), retries exhausted."""


class Throttled(CloudError):
    """The cloud asks to come back later (429), retries exhausted; `retry_after` in seconds if it said."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        code: str = "",
        next_step: str = "",
    ) -> None:
        super().__init__(message, status=429, code=code, next_step=next_step)
        self.retry_after = retry_after


class Unreachable(CloudError):
    """No complete answer came: connection refused or cut, TLS, time-out."""
