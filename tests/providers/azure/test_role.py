"""The least-privilege roles: each allows what its name promises, and no more."""

import json

import pytest

from deployer.errors import InvalidUsage
from deployer.providers.azure.role import ACTIONS, DATA_ACTIONS, ROLES, Permission, definition, missing

RANK = {"watcher": 0, "reaper": 1, "operator": 2}


def held(role: str) -> Permission:
    return Permission(ACTIONS[role], (), DATA_ACTIONS[role], ())


@pytest.mark.parametrize("role", ROLES)
def test_role_has_the_rights_of_its_name_and_of_humbler_ones_only(role: str) -> None:
    lacking = missing([held(role)])

    assert {RANK[right.role] > RANK[role] for right in lacking} <= {True}
    assert len(lacking) == {"watcher": 6, "reaper": 5, "operator": 0}[role]


def test_watcher_changes_nothing_and_reaper_only_deletes_deployments() -> None:
    changing = {action for action in ACTIONS["watcher"] + DATA_ACTIONS["watcher"] if not action.endswith("/read")}

    assert changing == set()
    assert set(ACTIONS["reaper"]) - set(ACTIONS["watcher"]) == {
        "Microsoft.CognitiveServices/accounts/deployments/delete"
    }


@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_read_keys_or_give_itself_rights(role: str) -> None:
    mine = held(role)

    for action in (
        "Microsoft.CognitiveServices/accounts/listKeys/action",
        "Microsoft.Authorization/roleAssignments/write",
    ):
        assert not any(_fits(action, pattern) for pattern in mine.actions)


def _fits(action: str, pattern: str) -> bool:
    from fnmatch import fnmatchcase

    return fnmatchcase(action.lower(), pattern.lower())


def test_definition_is_what_az_takes() -> None:
    document = json.loads(json.dumps(definition("reaper", ["aaa", "bbb"])))

    assert list(document) == [
        "Name", "IsCustom", "Description", "Actions", "NotActions", "DataActions", "NotDataActions", "AssignableScopes",
    ]  # fmt: skip
    assert document["AssignableScopes"] == ["/subscriptions/aaa", "/subscriptions/bbb"]
    assert document["IsCustom"] is True


def test_definition_without_a_subscription_says_what_to_set() -> None:
    with pytest.raises(InvalidUsage) as refused:
        definition("watcher", [])

    assert "AZURE_SUBSCRIPTION_ID" in refused.value.next_step


def test_rights_of_several_assignments_add_up_and_exclusions_stay_in_their_own() -> None:
    everything_but = Permission(("*",), ("Microsoft.Insights/*",), ("*",), ())
    metrics = Permission(("MICROSOFT.INSIGHTS/METRICS/READ",))

    assert [right.purpose for right in missing([everything_but])] == ["tell use from idleness"]
    assert missing([everything_but, metrics]) == ()
