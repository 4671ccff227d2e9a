"""Policy files: read whole, or every problem told with file, line and column."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from deployer.domain.money import Money
from deployer.domain.plan import Mode
from deployer.errors import InvalidFile
from deployer.policy.document import (
    Alert,
    Budget,
    Exemption,
    Idle,
    Limits,
    Match,
    OverBudget,
    Policy,
    PolicySet,
    Share,
    Then,
)
from deployer.policy.load import load_policies

WHOLE = """\
version: 1
mode: enforce
limits: {max_actions: 3, max_share: 12.5%}
policies:
  - name: dev-finetunes
    match:
      provider: azure
      account: "aoai-dev-*"
      deployment: ["*-bot", helper]
      model: "gpt-4.1*"
      tags: {env: dev, team: [a, b]}
      fine_tuned: true
      managed: any
    budget: {amount: 300 USD, period: quarter, timezone: Europe/Paris, share: each}
    alerts: [50%, 80%, forecast 100%]
    over_budget: {at: 90%, then: undeploy, warn: 1h}
    idle: {after: 24h, warn: 30m, then: undeploy, grace: 6h, probe: false}
    ttl: 2w
    notify: ["mailto://a@example.org"]
    exempt:
      - {deployment: "demo-*", until: 2026-12-31, reason: "customer demo"}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "p.yaml"


def write(file: Path, text: str | bytes) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def problems(path: Path) -> list[str]:
    """Every problem, with the path cut to the file's name."""
    with pytest.raises(InvalidFile) as caught:
        load_policies(path)
    assert caught.value.exit_code == 4
    folder = f"{path if path.is_dir() else path.parent}/"
    return [str(problem).replace(folder, "") for problem in caught.value.problems]


def test_the_whole_language_is_read(file: Path) -> None:
    expected = Policy(
        name="dev-finetunes",
        match=Match(
            provider=("azure",),
            account=("aoai-dev-*",),
            deployment=("*-bot", "helper"),
            model=("gpt-4.1*",),
            tags={"env": ("dev",), "team": ("a", "b")},
            fine_tuned=True,
        ),
        budget=Budget(Money.of(300), "quarter", "Europe/Paris", Share.EACH),
        alerts=(Alert(Decimal("0.5")), Alert(Decimal("0.8")), Alert(Decimal(1), forecast=True)),
        over_budget=OverBudget(Decimal("0.9"), Then.UNDEPLOY, timedelta(hours=1)),
        idle=Idle(timedelta(hours=24), timedelta(minutes=30), Then.UNDEPLOY, timedelta(hours=6)),
        ttl=timedelta(days=14),
        exempt=(Exemption(("demo-*",), datetime(2027, 1, 1, tzinfo=UTC), "customer demo"),),
        notify=("mailto://a@example.org",),
        where=f"{file}:5:5",
    )

    loaded = load_policies(write(file, WHOLE))

    assert loaded == PolicySet(Mode.ENFORCE, Limits(3, Decimal("0.125")), (expected,), str(file))
    assert isinstance(loaded.mode, Mode)


def test_what_is_not_said_has_the_safe_default(file: Path) -> None:
    loaded = load_policies(write(file, "version: 1\npolicies: [{name: a, match: {}, idle: {after: 1h}}]"))

    assert loaded.mode is Mode.OBSERVE
    assert loaded.limits == Limits(5, Decimal("0.3"))
    assert loaded.limits.per_day == 20
    assert loaded.policies[0].idle == Idle(
        timedelta(hours=1), warn=timedelta(hours=1), then=Then.NOTIFY, grace=timedelta(hours=6)
    )


def test_every_problem_is_told_at_once(file: Path) -> None:
    write(
        file,
        """\
version: 1
mode: enforced
limits: {max_actions: five, max_share: 0.3}
policies:
  - name: dev
    match: {provider: [], tags: {env: }, managed: maybe}
    idel: {after: 24h}
    budget: {amount: 300, period: monthly, timezone: Europe/Pari}
    alerts: [50, 80%]
    exempt: [{deployment: "demo-*"}]
  - match: {}
""",
    )

    assert problems(file) == [
        "p.yaml:2:7: mode is 'enforced'; expected one of observe, enforce (did you mean enforce?)",
        "p.yaml:3:23: max_actions is 'five'; expected a whole number from 0",
        "p.yaml:3:40: max_share is '0.3'; expected a percentage above 0 and up to 100%, such as 80% "
        "(did you mean 30%?)",
        "p.yaml:6:23: provider is an empty list; expected at least 1 entry",
        "p.yaml:6:39: tags.env is empty; expected a name or glob of a tag's value",
        "p.yaml:6:51: managed is 'maybe'; expected one of true, false, any, deployer, others",
        "p.yaml:7:5: unknown key 'idel' in policy; expected one of name, match, budget, alerts, over_budget, idle, "
        "ttl, retirement, residency, exempt, notify, act_unwarned (did you mean idle?)",
        "p.yaml:8:22: amount is '300'; expected a positive amount in USD such as 300 USD (did you mean 300 USD?)",
        "p.yaml:8:35: period is 'monthly'; expected one of day, week, month, quarter, year (did you mean month?)",
        "p.yaml:8:54: timezone is 'Europe/Pari'; expected a timezone such as Europe/Paris or UTC "
        "(did you mean Europe/Paris?)",
        "p.yaml:9:14: alerts is '50'; expected a percentage of the budget such as 80%, or forecast 100% "
        "(did you mean 50%?)",
        "p.yaml:10:14: exempt has no until; expected a key until",
        "p.yaml:10:14: exempt has no reason; expected a key reason",
        "p.yaml:11:5: policy has no name; expected a key name",
    ]


def rule_problem(file: Path, rule: str) -> str:
    """The one problem of a policy with this rule, after its place."""
    write(file, f"version: 1\npolicies:\n  - name: a\n    match: {{}}\n    {rule}\n")
    (problem,) = problems(file)
    place, _, text = problem.partition(": ")
    assert place.startswith("p.yaml:5:")
    return text


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (
            "ttl: 24 hours",
            "ttl is '24 hours'; expected a duration such as 30m, 24h or 14d, more than 0 (did you mean 24h?)",
        ),
        ("ttl: 14", "ttl is '14'; expected a duration such as 30m, 24h or 14d, more than 0 (did you mean 14h?)"),
        ("ttl: 0h", "ttl is '0h'; expected a duration such as 30m, 24h or 14d, more than 0"),
        ("ttl: -3d", "ttl is '-3d'; expected a duration such as 30m, 24h or 14d, more than 0"),
        ("ttl: ", "ttl is empty; expected a duration such as 30m, 24h or 14d, more than 0"),
        ("ttl: [1d]", "ttl is a list; expected a duration such as 30m, 24h or 14d, more than 0"),
        (
            "budget: {amount: $300}",
            "amount is '$300'; expected a positive amount in USD such as 300 USD (did you mean 300 USD?)",
        ),
        ("budget: {amount: 300 EUR}", "amount is '300 EUR'; expected a positive amount in USD such as 300 USD"),
        ("budget: {amount: 0 USD}", "amount is '0 USD'; expected a positive amount in USD such as 300 USD"),
        (
            'budget: {amount: "1,300 USD"}',
            "amount is '1,300 USD'; expected a positive amount in USD such as 300 USD (did you mean 1300 USD?)",
        ),
        ("budget: {period: month}", "budget has no amount; expected a key amount"),
        (
            "budget: {amount: 1 USD, timezone: Mars/Base}",
            "timezone is 'Mars/Base'; expected a timezone such as Europe/Paris or UTC",
        ),
        ("budget: {amount: 1 USD, share: both}", "share is 'both'; expected one of together, each"),
        ("alerts: [50%]", "alerts without a budget; expected a key budget in the same policy"),
        ("over_budget: {at: 100%}", "over_budget without a budget; expected a key budget in the same policy"),
        ("idle: {warn: 1h}", "idle has no after; expected a key after"),
        (
            "idle: {after: 91d}",
            "after is '91d'; expected a duration such as 30m, 24h or 14d, more than 0 and up to 90d: "
            "metrics are kept 93 days",
        ),
        ("idle: {after: 1h, warn: 2h}", "warn is longer than after; expected a warning after the last request"),
        ("idle: {after: 1h, then: delete}", "then is 'delete'; expected one of notify, undeploy"),
        ("idle: 24h", "idle is '24h'; expected keys and values: one of after, warn, then, grace, probe"),
        ("act_unwarned: yes", "act_unwarned is 'yes'; expected true or false (did you mean true?)"),
        ('act_unwarned: "true"', "act_unwarned is 'true'; expected true or false (did you mean true without quotes?)"),
    ],
)
def test_a_wrong_value_is_told_with_what_was_expected(file: Path, rule: str, told: str) -> None:
    assert rule_problem(file, rule) == told


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ("approve: {above: 500 USD}", "approve"),
        ('hours: {up: "Mon-Fri 08:00-19:00"}', "hours"),
        ("idle: {after: 1d, probe: true}", "probe: true"),
        ("idle: {after: 1d, then: pause}", "pause"),
        ("idle: {after: 1d, then: scale_down}", "scale_down"),
        ("idle: {after: 1d, then: trim}", "trim"),
        ("idle: {after: 1d, then: cap}", "cap"),
    ],
)
def test_what_this_version_does_not_act_on_is_refused_and_never_ignored(file: Path, rule: str, key: str) -> None:
    assert rule_problem(file, rule).startswith(f"{key} is not available in this version")


@pytest.mark.parametrize(
    "until",
    ["31/12/2026", "2026-13-01", "2026-02-30", "soon", "9999-12-31", "2026-12-31T00:00:00", "2026-1-1", ""],
)
def test_an_unreadable_date_is_an_error_and_never_no_protection(file: Path, until: str) -> None:
    told = rule_problem(file, f"exempt: [{{deployment: x, until: {until}, reason: y}}]")

    assert "expected a date that exists, such as 2026-12-31" in told


def test_a_key_given_twice_is_told_with_the_place_of_the_first(file: Path) -> None:
    write(file, "version: 1\npolicies:\n  - name: a\n    match: {}\n    ttl: 1d\n    ttl: 2d\n")

    assert problems(file) == [
        "p.yaml:6:5: ttl is given twice in policy; expected one value (the first is at p.yaml:5:5)"
    ]


def test_an_address_that_cannot_be_read_is_not_echoed(file: Path) -> None:
    assert rule_problem(file, "notify: token-1234") == (
        "notify is not readable; expected an Apprise URL such as mailto://..."
    )


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "p.yaml:1:1: the file is empty; expected a policy document that starts with `version: 1`"),
        (b"# nothing\n", "p.yaml:1:1: the file is empty; expected a policy document that starts with `version: 1`"),
        (b"version: 1\npolicies:\n\t- name: a\n", "p.yaml:3:1: a tab; expected spaces: YAML does not allow tabs"),
        (b"version: 1\nname: caf\xe9\n", "p.yaml:2:10: byte 0xe9 is not UTF-8; expected a file saved as UTF-8"),
        (b"version: [1\nb: 2", "p.yaml:2:2: not YAML: while parsing a flow sequence"),
        (b"version: 1\nb: \x00", "p.yaml:2:4: a character that YAML does not allow; expected printable text"),
        (b"a: 1\n---\nb: 2\n", "p.yaml:2:1: not YAML: expected a single document in the stream"),
        (b"- a\n", "p.yaml:1:1: the document is a list; expected keys and values"),
        (b"version: 1\npolicies: *nowhere\n", "p.yaml:2:11: not YAML: found undefined alias"),
        (b"[" * 200_000, "p.yaml:1:101: nested too deeply"),
        (b"a: " + b"- " * 3000, "p.yaml:1:4: not YAML"),
        (b"- " * 100_000, "p.yaml:1:201: nested too deeply"),
        (b"version: 2\npolicies: [{name: a, match: {}}]", "p.yaml:1:10: version is '2'; expected 1"),
        (b"policies: [{name: a, match: {}}]", "p.yaml:1:1: the document has no version; expected a key version"),
        (b"version: 1\n", "p.yaml:1:1: the document has no policies; expected a key policies"),
        (b"version: 1\npolicies: []", "p.yaml:2:11: policies is an empty list; expected at least 1 entry"),
    ],
)
def test_a_file_that_is_no_policy_document_is_told_where(file: Path, content: bytes, told: str) -> None:
    (problem,) = problems(write(file, content))

    assert problem.startswith(told)


def test_a_byte_order_mark_is_no_problem(file: Path) -> None:
    assert load_policies(write(file, b"\xef\xbb\xbf" + WHOLE.encode())).policies


def test_anchors_share_a_value(file: Path) -> None:
    text = "version: 1\npolicies:\n  - {name: a, match: {fine_tuned: true}, idle: &i {after: 1d}}\n"
    loaded = load_policies(write(file, text + "  - {name: b, match: {}, idle: *i}\n"))

    assert loaded.policies[0].idle == loaded.policies[1].idle


def test_names_and_matches_are_used_once_across_files(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", 'version: 1\npolicies: [{name: dev, match: {account: [a, "B*"]}}]')
    write(tmp_path / "b.yaml", 'version: 1\npolicies: [{name: Dev, match: {account: ["b*", A], deployment: "*"}}]')

    assert problems(tmp_path) == [
        "b.yaml:2:12: policy Dev: the name is used twice; expected one policy (the other is dev at a.yaml:2:12)",
        "b.yaml:2:12: policy Dev: the match is the same as that of another policy; "
        "expected one policy (the other is dev at a.yaml:2:12)",
    ]


def test_a_folder_is_read_whole_and_what_is_no_yaml_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "version: 1\nmode: enforce\npolicies: [{name: a, match: {provider: azure}}]")
    write(tmp_path / "team" / "b.yml", "version: 1\npolicies: [{name: b, match: {provider: openai}}]")
    write(tmp_path / "schema.json", "{}")
    write(tmp_path / ".hidden" / "c.yaml", "nonsense")

    loaded = load_policies(tmp_path)

    assert [policy.name for policy in loaded.policies] == ["a", "b"]
    assert loaded.mode is Mode.ENFORCE


def test_files_that_disagree_about_the_mode_are_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "version: 1\nmode: enforce\npolicies: [{name: a, match: {provider: azure}}]")
    write(tmp_path / "b.yaml", "version: 1\nmode: observe\npolicies: [{name: b, match: {provider: openai}}]")

    assert problems(tmp_path) == ["b.yaml: mode differs from that of a.yaml; expected one mode for all files"]


@pytest.mark.parametrize("name", ["absent", "absent.yaml"])
def test_a_path_that_is_not_there_is_told(tmp_path: Path, name: str) -> None:
    assert problems(tmp_path / name) == [
        f"{name}: there is no such file or folder; expected a policy file or a folder of them"
    ]


def test_a_folder_without_policies_is_told(tmp_path: Path) -> None:
    write(tmp_path / "schema.json", "{}")

    (problem,) = problems(tmp_path)

    assert problem.endswith("no policy file in this folder; expected at least one file that ends with .yaml")


def test_links_are_followed_once_and_a_dangling_one_is_told(tmp_path: Path) -> None:
    write(tmp_path / "a.yaml", "version: 1\npolicies: [{name: a, match: {}}]")
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "up").symlink_to(tmp_path)
    assert len(load_policies(tmp_path).policies) == 1

    (tmp_path / "b.yaml").symlink_to(tmp_path / "nowhere")

    assert problems(tmp_path) == ["b.yaml: not a file, or a link to nothing; expected a readable file"]


def test_one_broken_policy_does_not_hide_the_problems_of_others(tmp_path: Path) -> None:
    write(
        tmp_path / "a.yaml", "version: 1\npolicies: [{name: a, match: {}, ttl: soon}, {name: a, match: {provider: x}}]"
    )

    assert [problem.split(": ")[1][:8] for problem in problems(tmp_path)] == ["ttl is '", "policy a"]


def test_act_unwarned_may_be_set_for_a_whole_file(file: Path) -> None:
    loaded = load_policies(write(file, "version: 1\nact_unwarned: true\npolicies: [{name: a, match: {}}]"))

    assert loaded.policies[0].act_unwarned


@pytest.mark.parametrize(
    ("written", "managed"), [("true", True), ("false", False), ("any", None), ("deployer", True), ("others", False)]
)
def test_who_created_it_may_be_matched(file: Path, written: str, managed: bool | None) -> None:
    loaded = load_policies(write(file, f"version: 1\npolicies: [{{name: a, match: {{managed: {written}}}}}]"))

    assert loaded.policies[0].match.managed is managed
