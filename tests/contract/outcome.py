"""How a cell of the table may end, and what the value of an operation that raised nothing is worth."""

from enum import StrEnum
from typing import Any

from deployer.domain.cap import holds
from tests.contract.stage import Stage


class Outcome(StrEnum):
    """How a cell may end. Nothing else may happen."""

    DONE = "done"
    ABSENT = "absent"
    GAP = "gap"
    UNPROVEN = "unproven"
    ERROR = "error"


def whole(value: Any, stage: Stage, _: Any) -> Outcome:
    """An inventory reading: what stands is in it, or it says that it does not know."""
    if any(one.name == stage.standing.name for one in value.deployments) and value.complete and not value.unread:
        return Outcome.DONE
    if stage.account.resource_id.lower() in value.vanished:
        return Outcome.ABSENT
    assert value.gaps, "something is missing and nobody says so"
    assert not value.complete or stage.account.resource_id.lower() in value.unread
    assert all(gap.cause and gap.where for gap in value.gaps)
    return Outcome.GAP


def used(value: Any, stage: Stage, _: Any) -> Outcome:
    """A usage observation: the call of two days ago is seen, or the reading is not complete and says why."""
    reading = value.readings[stage.standing.id.key]
    if reading.complete:
        assert sum(bucket.requests or 0 for bucket in reading.buckets) == 1
        return Outcome.DONE
    assert reading.cause
    return Outcome.GAP


def billed(value: Any, stage: Stage, _: Any) -> Outcome:
    bills, gaps = value
    if not gaps:
        assert bills
        return Outcome.DONE
    assert bills == (), "half a bill reads as a whole one"
    assert all(gap.cause and gap.where for gap in gaps)
    return Outcome.GAP


def budgeted(value: Any, stage: Stage, _: Any) -> Outcome:
    """The budget that somebody set is there in every scope that was read; one that was not is a gap."""
    budgets, gaps = value
    assert all(gap.cause and gap.where for gap in gaps)
    if gaps:
        return Outcome.GAP
    assert [one.name for one in budgets] == [stage.budget]
    return Outcome.DONE


def lists_standing(value: Any, stage: Stage, _: Any) -> Outcome:
    return Outcome.DONE if any(one.name == stage.standing.name for one in value) else Outcome.UNPROVEN


def stands(value: Any, stage: Stage, _: Any) -> Outcome:
    if value is None:
        return Outcome.ABSENT
    assert value.name == stage.standing.name
    return Outcome.DONE


def created(value: Any, stage: Stage, name: Any) -> Outcome:
    assert (value.name, value.state) == (name, "Succeeded")
    return Outcome.DONE


def deleted(value: Any, stage: Stage, name: Any) -> Outcome:
    """Asked for, not yet done: whoever deletes looks until it is gone, for an empty success proves nothing."""
    left = stage.open().inventory.read(stage.account, name)
    if left is None or left.state == "Deleting":
        return Outcome.DONE
    return Outcome.ABSENT if value is False else Outcome.UNPROVEN


def scaled(value: Any, stage: Stage, placed: Any) -> Outcome:
    """Who scales compares what came back with what was asked for."""
    return Outcome.DONE if value.capacity == placed.capacity + 1 else Outcome.UNPROVEN


def paused(value: Any, stage: Stage, placed: Any) -> Outcome:
    return Outcome.DONE if value.state == "Paused" else Outcome.UNPROVEN


def counted(value: Any, stage: Stage, _: Any) -> Outcome:
    assert value.limit > 0
    return Outcome.DONE


def said(value: Any, stage: Stage, _: Any) -> Outcome:
    assert isinstance(value, str)
    assert value
    return Outcome.DONE


def is_job(value: Any, stage: Stage, prepared: Any) -> Outcome:
    assert value.id.startswith("ftjob-")
    assert value.id == (prepared or stage.job.id)
    return Outcome.DONE


def is_new_job(value: Any, stage: Stage, _: Any) -> Outcome:
    assert value.id.startswith("ftjob-")
    return Outcome.DONE


def is_cancelled(value: Any, stage: Stage, prepared: Any) -> Outcome:
    assert value.status == "cancelled"
    assert stage.open().training.job(stage.account, prepared).status == "cancelled"
    return Outcome.DONE


def lists_job(value: Any, stage: Stage, _: Any) -> Outcome:
    assert stage.job.id in [job.id for job in value]
    return Outcome.DONE


def some(value: Any, stage: Stage, _: Any) -> Outcome:
    assert len(value) > 0
    return Outcome.DONE


def is_known(value: Any, stage: Stage, _: Any) -> Outcome:
    return Outcome.DONE if value is True else Outcome.ABSENT


def are_gone(value: Any, stage: Stage, marker: Any) -> Outcome:
    """Nothing that carries the marker is left; if the vendor says that it was not there, that stands."""
    assert value == 1
    return Outcome.UNPROVEN if stage.open().training.discard(stage.account, marker) else Outcome.DONE


def is_content(value: Any, stage: Stage, _: Any) -> Outcome:
    """Bytes: what a file holds is not for the port to judge."""
    assert isinstance(value, bytes)
    return Outcome.DONE


def is_file(value: Any, stage: Stage, _: Any) -> Outcome:
    assert value.startswith("file-")
    return Outcome.DONE


def offers(value: Any, stage: Stage, _: Any) -> Outcome:
    assert value.models
    return Outcome.DONE


def capped(value: Any, stage: Stage, kind: Any) -> Outcome:
    """The caps of a project: the kind that was asked for is there, or it is said why it could not be read."""
    if value.of(kind):
        assert kind not in value.unread
        return Outcome.DONE
    return Outcome.GAP if value.unread.get(kind) else Outcome.ABSENT


def is_capped(value: Any, stage: Stage, cap: Any) -> Outcome:
    """Who sets a cap looks whether it is so: an empty success proves nothing."""
    caps = stage.open().caps
    assert caps is not None
    return Outcome.DONE if holds(caps.read(stage.account), cap) else Outcome.UNPROVEN


def foreseen(value: Any, stage: Stage, _: Any) -> Outcome:
    forecasts, gaps = value
    if not gaps:
        assert forecasts
        return Outcome.DONE
    assert forecasts == ()
    assert all(gap.cause and gap.where for gap in gaps)
    return Outcome.GAP


def not_refused(value: Any, stage: Stage, _: Any) -> Outcome:
    """No job was made by asking."""
    assert value == ""
    return Outcome.DONE


def refused(value: Any, stage: Stage, _: Any) -> Outcome:
    assert "training_not_available" in value
    return Outcome.DONE


def checked(value: Any, stage: Stage, what: Any) -> Outcome:
    """`doctor`'s lines: that one is well, or it says what is wrong and what to do."""
    line = next((one for one in value if one.what == what), None)
    if line is not None and line.ok:
        return Outcome.DONE
    failed = line or next(one for one in value if not one.ok)
    assert failed.detail
    assert failed.next_step
    return Outcome.GAP
