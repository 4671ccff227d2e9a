"""Bulk work without Python's collector looking in.

Looking at thousands of deployments makes hundreds of thousands of objects that all live until the look
is over. Searching them for rubbish, again and again, takes a fifth of the time and finds next to none.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """No collection within the block; what reference counts free is freed all the same."""
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
