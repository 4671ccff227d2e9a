"""The rule `retirement`: told once, some time before the vendor retires a model; never an act."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deployer.domain.deployment import Deployment
from deployer.domain.plan import History
from deployer.domain.retirement import Retirement
from deployer.domain.usage import Activity
from deployer.policy.decide import View
from tests.policy.world import DAY, HOUR, NOW, account, booked, deployment, language, plan, rules, told, view

RULE = "retirement: {warn: 60d}"
BOT = deployment("bot")


def ending(of: Deployment = BOT, **facts: object) -> View:
    given = {"at": NOW + 43 * DAY, "model": "gpt-4.1-mini-2025-04-14", "source": "Azure", **facts}
    return view(of, retirements={of.id.key: Retirement(**given)})  # type: ignore[arg-type]


def test_end_that_is_near_is_told_with_the_days_left_and_what_to_do() -> None:
    decided = plan(rules(RULE), ending(retrain_until=NOW - 10 * DAY))

    (alert,) = decided.actions
    assert told(decided) == [("alert", "bot")]
    assert alert.reason == (
        "it stops answering on 2026-10-23, in 43 d: fine-tune a newer base than gpt-4.1-mini-2025-04-14 and deploy "
        "it before then; the last day to train gpt-4.1-mini-2025-04-14 itself was 2026-08-31"
    )
    assert alert.numbers == {"retires": "2026-10-23", "left": "43 d", "retrain until": "2026-08-31", "source": "Azure"}


def test_end_that_is_far_is_booked() -> None:
    decided = plan(rules(RULE), ending(at=NOW + 100 * DAY))

    assert (told(decided), booked(decided)) == ([], [("alert", NOW + 40 * DAY)])


def test_alert_is_told_once_for_a_date_and_again_for_another() -> None:
    first = plan(rules(RULE), ending())
    history = History(alerts=frozenset((one.policy, one.episode) for one in first.actions))
    seen = ending()

    later = plan(rules(RULE), replace(seen, history=history), NOW + DAY)
    moved = plan(rules(RULE), replace(ending(at=NOW + 20 * DAY), history=history))

    assert (told(later), booked(later), told(moved)) == ([], [], [("alert", "bot")])


def test_what_has_retired_is_to_be_undeployed_because_nobody_says_that_billing_stops() -> None:
    decided = plan(rules(RULE), ending(at=NOW - 3 * DAY))

    assert decided.actions[0].reason.startswith("it has stopped answering on 2026-09-07, 3 d ago: undeploy it")
    assert decided.acts == ()


@pytest.mark.parametrize(
    ("at", "last", "advice"),
    [
        (
            NOW + 43 * DAY,
            NOW + 9 * DAY,
            "in 43 d: fine-tune a newer base than gpt-4.1-nano-2025-04-14 and move its callers",
        ),
        (NOW + 3 * DAY, NOW - DAY, "in 3 d: fine-tune a newer base on another cloud, for OpenAI trains it no more,"),
        (
            NOW - DAY,
            NOW - DAY,
            "24 h ago: its calls fail, and it costs nothing; fine-tune a newer base on another",
        ),
    ],
)
def test_at_openai_there_is_nothing_to_undeploy_and_nowhere_to_train_after_its_last_day(
    at: datetime, last: datetime, advice: str
) -> None:
    model = deployment("ft:gpt-4.1-nano-2025-04-14:org::a", where=account("proj_default", provider="openai"))
    (alert,) = plan(rules(RULE), ending(model, at=at, retrain_until=last, model="gpt-4.1-nano-2025-04-14")).actions

    assert advice in alert.reason
    assert "undeploy" not in alert.reason


def test_base_model_is_moved_from_and_not_trained_again() -> None:
    base = deployment("base", fine_tuned=False, model="gpt-4o", base_model="gpt-4o")

    decided = plan(rules(RULE), ending(base, model="gpt-4o-2024-08-06"))

    assert "move its callers from gpt-4o-2024-08-06 to a newer model" in decided.actions[0].reason


@pytest.mark.parametrize(
    ("known", "cause"),
    [
        ({}, "the vendor's list of models was not read"),
        (
            {BOT.id.key: Retirement(cause="cannot be read: deprecation.inference 'soon'")},
            "deprecation.inference 'soon'",
        ),
    ],
)
def test_date_that_is_not_known_is_noted_and_is_no_missing_input(known: dict[str, Retirement], cause: str) -> None:
    decided = plan(rules(RULE), view(BOT, retirements=known))

    assert told(decided) == []
    assert len(decided.notes) == 1
    assert decided.notes[0].startswith("policy dev: when azure:aoai-dev-eastus2/bot retires is unknown: ")
    assert cause in decided.notes[0]
    assert decided.gaps == ()
    assert all(finding.state is not Activity.UNKNOWN for finding in decided.findings)


def test_many_dates_that_are_unknown_for_one_reason_are_one_note() -> None:
    decided = plan(rules(RULE), view(*(deployment(f"bot-{number}") for number in range(40))))

    assert decided.notes == (
        "policy dev: when azure:aoai-dev-eastus2/bot-0 retires is unknown, and of 39 more: "
        "the vendor's list of models was not read",
    )


def test_date_beside_one_that_cannot_be_read_may_be_sooner() -> None:
    decided = plan(rules(RULE), ending(cause="cannot be read: deprecationDate 'x'"))

    assert decided.actions[0].reason.endswith("another date cannot be read: deprecationDate 'x', so it may be sooner")


def test_default_is_sixty_days() -> None:
    decided = plan(rules("retirement: {}"), ending(at=NOW + 60 * DAY + HOUR))

    assert booked(decided) == [("alert", NOW + HOUR)]


def test_most_specific_policy_rules_and_equal_ones_that_differ_are_an_error() -> None:
    both = "policies:\n  - {{name: a, match: {first}, retirement: {{warn: 60d}}}}\n"
    both += "  - {{name: b, match: {{deployment: bot}}, retirement: {{warn: 7d}}}}\n"

    ruled = plan(language("version: 1\n" + both.format(first="{}")), ending())
    torn = plan(language("version: 1\n" + both.format(first="{deployment: bo?, account: '*'}")), ending())
    equal = plan(language("version: 1\n" + both.format(first="{deployment: [bot, x]}")), ending())

    assert booked(ruled) == [("alert", NOW + 36 * DAY)]
    assert torn.errors == ()
    assert "differ in retirement" in equal.errors[0]


def test_rule_that_only_tells_leaves_the_note_that_nothing_acts() -> None:
    reasons = [finding.reason for finding in plan(rules(RULE), ending()).findings]

    assert reasons[0] == "no rule acts on it"
    assert "stops answering" in reasons[1]


def test_dates_are_utc_days() -> None:
    decided = plan(rules(RULE), ending(at=datetime(2026, 10, 14, tzinfo=UTC)))

    assert "on 2026-10-14" in decided.actions[0].reason
