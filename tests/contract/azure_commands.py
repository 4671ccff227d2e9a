"""The rows of commands on Azure."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from deployer.deadline import CALL
from deployer.providers.azure.deployments import CREATE_LIMIT, DELETE_LIMIT
from tests.contract.command import DONE, FAILED, REFUSED, Act, Given, Look, target
from tests.contract.console import Console
from tests.contract.shared_commands import (
    ESTIMATE,
    LOOK,
    finetune_commands,
    guard_policy,
    is_found,
    is_well,
    knows_dates,
    knows_end,
    knows_use,
    lists_standing,
    new_job,
    place,
    row_of,
)

ACCOUNTS = {"path": r"ResourceGraph|CognitiveServices/accounts\?"}
METRICS = {"path": "metrics"}
OF_ONE = target("deployments.list", "aoai-dev-eastus2")
CREATE = (
    "deployment create {name} --account {account} --model gpt-4o-mini --version 2024-07-18 "
    "--sku GlobalStandard --capacity 1 --unguarded -o json"
)
VERIFY = 120.0
PROOF: dict[str, Any] = {**target("deployments.get"), "after": 1}
"""Every look at the deployment but the one that comes before the change."""


def _new(console: Console, home: Path) -> Given:
    return {**place(console, home), "name": console.stage.new_name()}


def _placed(console: Console, home: Path) -> Given:
    given = _new(console, home)
    console.stage.place(given["name"])
    return given


def _paused(console: Console, home: Path) -> Given:
    given, stage = _placed(console, home), console.stage
    found = stage.open().inventory.read(stage.account, given["name"])
    assert found is not None
    stage.open().deployments.pause(found, True)
    return given


def _undeployed(console: Console, home: Path) -> Given:
    given = _placed(console, home)
    assert console.run(home, "deployment", "delete", given["name"], "--yes").code == 0
    return given


def _forgotten(console: Console, home: Path) -> Given:
    given = _new(console, home)
    console.stage.place(given["name"], created_at=console.stage.clock.now() - timedelta(days=30))
    guard_policy(home, match={"deployment": given["name"]}, idle={"after": "24h", "warn": "0h", "then": "undeploy"})
    return given


def _watched(console: Console, home: Path) -> Given:
    guard_policy(home, match={"provider": "azure"}, idle={"after": "24h", "warn": "0h"}, retirement={"warn": "60d"})
    return place(console, home)


def _state(console: Console, given: Given) -> Any:
    return console.stage.open().inventory.read(console.stage.account, given["name"])


def _stands(console: Console, given: Given) -> int:
    found = _state(console, given)
    return int(found is not None and found.serving)


def _is_gone(console: Console, given: Given) -> int:
    found = _state(console, given)
    return int(found is None or found.state == "Deleting")


def _has_two_units(console: Console, given: Given) -> int:
    return int(_state(console, given).capacity == 2)


def _is_paused(console: Console, given: Given) -> int:
    return int(_state(console, given).state == "Paused")


def _runs(console: Console, given: Given) -> int:
    return int(_state(console, given).state == "Succeeded")


def _remove(console: Console, given: Given) -> None:
    """So that lists stay short and quotas free."""
    if _state(console, given) is not None:
        console.stage.open().deployments.delete(console.stage.account, given["name"])


def _has_bill(document: Any, console: Console, given: Given) -> bool:
    return any(row["billed"] is not None for row in document)


AZURE = (
    Look("doctor", "doctor -o json", ACCOUNTS, 1, LOOK, place, shows=is_well("azure accounts"), reports=True),
    Look(
        *("doctor, deployments", "doctor -o json", OF_ONE, 5, LOOK, place),
        shows=is_well("inventory"), reports=True, vanishes=True,
    ),
    Look(
        *("doctor, costs", "doctor -o json", target("costs.query"), 0, LOOK, place),
        shows=is_well("azure costs"), reports=True,
    ),
    Look("deployment list", "deployment list -o json", ACCOUNTS, 1, LOOK, place, shows=lists_standing),
    Look(
        *("deployment list, of one account", "deployment list -o json", OF_ONE, 5, LOOK, place),
        shows=lists_standing, vanishes=True,
    ),
    Look(
        *("deployment list, of all accounts", "deployment list -o json", target("deployments.list"), 1, LOOK, place),
        shows=lists_standing, vanishes=True,
    ),
    Look("deployment list, use", "deployment list -o json", METRICS, 5, 2 * LOOK, place, shows=knows_use),
    Look(
        *("deployment list, dates", "deployment list -o json", target("models.list"), 0, 2 * LOOK, place),
        shows=knows_end,
    ),
    Look("deployment show", "deployment show {standing} -o json", OF_ONE, 1, LOOK, place),
    Look("deployment show, use", "deployment show {standing} -o json", METRICS, 5, 2 * LOOK, place, shows=knows_use),
    Look("deployment protect", "deployment protect {standing} -o json", OF_ONE, 1, LOOK, place),
    Look("deployment call, finding", "deployment call {standing} hello -o json", OF_ONE, 1, LOOK, place),
    Look("deployment call", "deployment call {standing} hello -o json", target("azure.chat"), 1, LOOK + CALL, place),
    Act(
        *("deployment create, finding", CREATE, ACCOUNTS, 1, LOOK, _new),
        count=_stands, settle=_remove, changes=False,
    ),
    Act(
        *("deployment create, quota", CREATE, target("usages.list"), 0, LOOK + CALL, _new),
        count=_stands, settle=_remove, changes=False,
    ),
    Act(
        *("deployment create", CREATE, target("deployments.put"), 1, LOOK + CREATE_LIMIT, _new),
        count=_stands, settle=_remove, again=DONE | REFUSED,
    ),
    Act(
        *("deployment create, waiting", CREATE, target("operations.get"), 0, LOOK + CREATE_LIMIT, _new),
        count=_stands, settle=_remove, changes=False,
    ),
    Act(
        *("deployment create, reading back", CREATE, PROOF, 1, LOOK + CREATE_LIMIT + CALL, _new),
        count=_stands, settle=_remove, changes=False,
    ),
    Act(
        *("deployment scale, reading back", "deployment scale {name} --capacity 2 -o json", PROOF, 1),
        *(LOOK + CREATE_LIMIT, _placed), count=_has_two_units, settle=_remove, changes=False,
    ),
    Act(
        *("deployment scale", "deployment scale {name} --capacity 2 -o json", target("deployments.patch"), 1),
        *(LOOK + CREATE_LIMIT, _placed), count=_has_two_units, settle=_remove,
    ),
    Act(
        *("deployment pause", "deployment pause {name} -o json", target("deployments.pause"), 1),
        *(LOOK + DELETE_LIMIT, _placed), count=_is_paused, settle=_remove,
    ),
    Act(
        *("deployment resume", "deployment resume {name} -o json", target("deployments.resume"), 1),
        *(LOOK + DELETE_LIMIT, _paused), count=_runs, settle=_remove,
    ),
    Act(
        *("deployment delete", "deployment delete {name} --yes -o json", target("deployments.delete"), 1),
        *(LOOK + DELETE_LIMIT + VERIFY, _placed), count=_is_gone, settle=_remove, again=DONE | FAILED,
    ),
    Act(
        *("deployment delete, proving", "deployment delete {name} --yes -o json", PROOF, 1),
        *(LOOK + DELETE_LIMIT + VERIFY + CALL, _placed), count=_is_gone, settle=_remove, again=DONE | FAILED,
        changes=False, vanishes=True,
    ),
    Act(
        *("deployment restore", "deployment restore {name} --unguarded -o json", target("deployments.put"), 1),
        *(LOOK + CREATE_LIMIT, _undeployed), count=_stands, settle=_remove, again=DONE | REFUSED,
    ),
    Look("finetune estimate", ESTIMATE, ACCOUNTS, 1, LOOK, new_job),
    Look("finetune estimate, dates", ESTIMATE, target("models.list"), 0, LOOK + CALL, new_job, shows=knows_dates),
    *finetune_commands("azure"),
    Look(
        *("spend show", "spend show --billed --period all --by account -o json", target("costs.query"), 0, LOOK, place),
        shows=_has_bill,
    ),
    Look(
        *("spend show, accounts", "spend show --billed --period all --by account -o json", ACCOUNTS, 0, LOOK, place),
        shows=_has_bill,
    ),
    Look(
        *("spend forecast", "spend forecast --vendor -o json", target("costs.forecast"), 0, LOOK),
        lambda console, home: {**place(console, home), "elder": console.stage.elder},
        shows=lambda document, console, given: any(row["vendor"] for row in document),
    ),
    Look(
        *("spend forecast, accounts", "spend forecast --vendor -o json", ACCOUNTS, 0, LOOK),
        lambda console, home: {**place(console, home), "elder": console.stage.elder},
        shows=lambda document, console, given: any(row["vendor"] for row in document),
    ),
    Look("guard plan", "guard plan -o json", ACCOUNTS, 1, LOOK, _watched, shows=is_found),
    Look("guard plan, of one account", "guard plan -o json", OF_ONE, 5, LOOK, _watched, shows=is_found, vanishes=True),
    Look("guard plan, use", "guard plan -o json", METRICS, 5, 3 * LOOK, _watched, shows=is_found),
    Act(
        *("guard apply", "guard apply -o json", target("deployments.delete"), 1),
        *(2 * LOOK + DELETE_LIMIT + VERIFY, _forgotten), count=_is_gone, settle=_remove,
    ),
    Act(
        *("guard apply, use", "guard apply -o json", METRICS, 5),
        *(4 * LOOK, _forgotten), count=_is_gone, settle=_remove, changes=False,
    ),
    Act(
        *("guard apply, looking", "guard apply -o json", target("deployments.get"), 1),
        *(2 * LOOK + DELETE_LIMIT + VERIFY, _forgotten), count=_is_gone, settle=_remove, vanishes=True, changes=False,
    ),
    Act(
        *("guard apply, proving", "guard apply -o json", PROOF, 1),
        *(2 * LOOK + DELETE_LIMIT + VERIFY + CALL, _forgotten), count=_is_gone, settle=_remove, vanishes=True,
        changes=False,
    ),
    Look(
        *("cap show", "cap show -o json", target("budgets.list"), 0, 2 * LOOK),
        lambda console, home: {"budget": console.stage.budget},
        shows=lambda document, console, given: bool(row_of(document, given["budget"])),
    ),
)  # fmt: skip
