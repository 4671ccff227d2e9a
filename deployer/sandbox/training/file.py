"""Uploaded and produced files, and how long a vendor needs to look at them."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

_PARAMETER = re.compile(rb'(name|filename)="((?:[^"\\]|\\.)*)"')
_LOOKS = 3


class BadUpload(ValueError):
    """The request holds no file."""


@dataclass(frozen=True)
class Upload:
    """A multipart form: the file and the fields beside it."""

    filename: str
    content: bytes
    fields: dict[str, str]


@dataclass
class StoredFile:
    """A file of one owner (an Azure account, an OpenAI project); a produced one is made when it is read."""

    id: str
    owner: str
    filename: str
    purpose: str
    created_at: datetime
    load: Callable[[], bytes]
    produced: bool = False
    looks: int = 0
    expires_at: datetime | None = None

    @property
    def content(self) -> bytes:
        return self.load()

    def age(self, now: datetime) -> float:
        """Seconds since upload; what was asked after a few times is old, or a frozen clock would hold it for ever."""
        return 1e9 if self.produced or self.looks > _LOOKS else (now - self.created_at).total_seconds()


class FileStore:
    """All files, oldest first; a deleted file's id stays known."""

    def __init__(self) -> None:
        self._files: dict[str, StoredFile] = {}
        self._deleted: set[tuple[str, str]] = set()

    def add(self, file: StoredFile) -> StoredFile:
        self._files[file.id] = file
        return file

    def find(self, owner: str, file_id: str) -> StoredFile | None:
        file = self._files.get(file_id)
        return file if file is not None and file.owner == owner else None

    def of(self, owner: str) -> list[StoredFile]:
        return [file for file in self._files.values() if file.owner == owner]

    def delete(self, owner: str, file_id: str) -> bool:
        """Whether there was such a file."""
        if self.find(owner, file_id) is None:
            return False
        del self._files[file_id]
        self._deleted.add((owner, file_id))
        return True

    def drop_expired(self, now: datetime) -> None:
        """What was uploaded with an end is gone once that has come."""
        for file in [item for item in self._files.values() if item.expires_at and item.expires_at <= now]:
            self.delete(file.owner, file.id)

    def was_deleted(self, owner: str, file_id: str) -> bool:
        return (owner, file_id) in self._deleted


def parse_upload(content_type: str, body: bytes) -> Upload:
    """Read a multipart form by RFC 7578. Raises BadUpload when it has no file."""
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    if not boundary:
        raise BadUpload("the request is not multipart/form-data")
    fields: dict[str, str] = {}
    found: tuple[str, bytes] | None = None
    for part in body.split(b"--" + boundary[1].encode())[1:-1]:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        names = {key.decode(): value.decode() for key, value in _PARAMETER.findall(head)}
        content = content.removesuffix(b"\r\n")
        if "filename" in names:
            found = (names["filename"], content)
        elif "name" in names:
            fields[names["name"]] = content.decode()
    if found is None:
        raise BadUpload("'file' is a required property")
    return Upload(found[0], found[1], fields)
