"""Identifiers that look random and come out the same for the same seed."""

import hashlib
import uuid


class Naming:
    """Makes identifiers: the n-th of a label is always the same under one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._counts: dict[str, int] = {}

    def digest(self, label: str) -> bytes:
        """32 bytes that depend on the seed and the label alone."""
        return hashlib.sha256(f"{self.seed}:{label}".encode()).digest()

    def fixed_uuid(self, label: str) -> str:
        return str(uuid.UUID(bytes=self.digest(label)[:16], version=4))

    def uuid(self, label: str) -> str:
        """The next identifier of a label, as a UUID."""
        return self.fixed_uuid(self._next(label))

    def hex(self, label: str, length: int = 32) -> str:
        """The next identifier of a label, in hexadecimal digits."""
        return self.digest(self._next(label)).hex()[:length]

    def fraction(self, label: str) -> float:
        """A number in [0, 1) that depends on the seed and the label alone."""
        return int.from_bytes(self.digest(label)[:8], "big") / 2**64

    def _next(self, label: str) -> str:
        number = self._counts.get(label, 0)
        self._counts[label] = number + 1
        return f"{label}:{number}"
