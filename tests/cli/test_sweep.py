"""How an act is told: with the way back that is really one."""

import pytest

from deployer.cli.sweep import told_result
from deployer.domain.act import ActKind, Phase
from deployer.guard.outcome import ActResult

SUBJECT = "azure:dev/bot"
RESTORE = "undo: deployer deployment restore azure:dev/bot"


def test_what_went_away_comes_back_by_a_restore() -> None:
    assert RESTORE in told_result(ActResult(ActKind.UNDEPLOY, SUBJECT, Phase.DONE, "gone after 35 s", 7))


@pytest.mark.parametrize("kind", [ActKind.CREATE, ActKind.RESTORE, ActKind.SCALE, ActKind.PAUSE])
def test_what_a_crash_left_and_was_finished_is_not_undone_by_a_restore(kind: ActKind) -> None:
    told = told_result(ActResult(kind, SUBJECT, Phase.DONE, "done at the next start", 7))

    assert RESTORE not in told
    assert "undo: `deployer journal show 7` says how" in told


def test_what_failed_has_nothing_to_undo() -> None:
    assert "undo" not in told_result(ActResult(ActKind.UNDEPLOY, SUBJECT, Phase.FAILED, "still there", 7))
