"""Bulk work leaves Python's collector as it found it."""

import gc

import pytest

from deployer.guard.bulk import uncollected


def _failing() -> None:
    with uncollected():
        assert not gc.isenabled()
        raise ValueError("on purpose")


def test_collecting_goes_on_afterwards_also_after_an_error() -> None:
    with pytest.raises(ValueError, match="on purpose"):
        _failing()

    assert gc.isenabled()


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
