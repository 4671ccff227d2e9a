"""Uploads that leave one file: after an answer that was lost, the vendor is asked before anything is sent again.

Neither vendor knows idempotency keys. So the files of the same name and size are noted before an upload;
one that is there afterwards and was not before is the one whose answer was lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from deployer.clock import Clock
from deployer.errors import CloudError, Forbidden
from deployer.providers.attempt import TIMED_OUT, Attempts
from deployer.providers.page import all_items, identified

if TYPE_CHECKING:
    from openai import OpenAI

PURPOSE: Literal["fine-tune"] = "fine-tune"
LOOKS = (1.0, 2.0, 4.0)
"""Seconds before each look for a file whose answer was lost."""
SENDS = 3

File = Mapping[str, Any]


class Uploader:
    """Sends one data file through one account's client; `what` names it in errors, `marker` is put into its name.

    `keep` is how many seconds the vendor shall keep it at most, where it takes such a wish.
    """

    def __init__(
        self,
        client: OpenAI,
        attempts: Attempts,
        clock: Clock,
        path: Path,
        what: str,
        marker: str = "",
        keep: int | None = None,
    ) -> None:
        self._client = client
        self._attempts = attempts
        self._clock = clock
        self._path = path
        self._what = what
        self._wishes: dict[str, Any] = {"expires_after": {"anchor": "created_at", "seconds": keep}} if keep else {}
        self._name = f"{path.stem}.{marker}{path.suffix}" if marker else path.name

    def upload(self) -> File:
        """The vendor's description of the file. Raises CloudError; `maybe_done` when a file may have been left."""
        before = self._known()
        for attempt in range(SENDS):
            try:
                return self._send()
            except CloudError as error:
                found = self._look(before) if error.maybe_done and before is not None else None
                if found is not None:
                    return found
                still_at_work = error.code == TIMED_OUT or before is None
                if not error.maybe_done or still_at_work or attempt == SENDS - 1:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _send(self) -> File:
        def create() -> Any:
            with self._path.open("rb") as content:
                return self._client.files.create(file=(self._name, content), purpose=PURPOSE, **self._wishes)

        return identified(self._what, self._attempts(self._what, create, repeatable=False), maybe_done=True)

    def _known(self) -> frozenset[str] | None:
        """Ids of what looks like this file already; None when the key may upload but not list."""
        try:
            return frozenset(str(file.get("id")) for file in self._twins())
        except Forbidden:
            return None

    def _look(self, before: frozenset[str]) -> File | None:
        for wait in LOOKS:
            self._clock.sleep(wait)
            try:
                found = [file for file in self._twins() if file.get("id") and str(file["id"]) not in before]
            except CloudError:
                return None
            if found:
                return found[0]
        return None

    def _twins(self) -> list[File]:
        size = self._path.stat().st_size
        files = all_items(self._attempts, f"look for {self._path.name}", _lister(self._client))
        return [file for file in files if file.get("filename") == self._name and file.get("bytes") == size]


def _lister(client: OpenAI) -> Callable[[], Any]:
    return lambda: client.files.list(purpose=PURPOSE)
