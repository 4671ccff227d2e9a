"""The composition root: adapters are found, built late, and a broken one is named."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deployer.app import App
from deployer.clock import SystemClock
from deployer.errors import DeployerError, InvalidFile
from deployer.sandbox.process import Sandbox
from deployer.settings import load_settings
from tests.fakes import FakeClock

Build = Callable[..., App]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    made: list[App] = []

    def make(**environ: str) -> App:
        settings = load_settings({"DEPLOYER_HOME": str(tmp_path / "home"), **environ}, tmp_path)
        made.append(App.from_settings(settings))
        return made[-1]

    yield make
    for app in made:
        app.close()


@pytest.fixture
def plugin(tmp_path: Path) -> Iterator[Callable[[str], None]]:
    """Installs a package that offers a provider, as pip would."""
    folder = tmp_path / "site"

    def install(source: str) -> None:
        info = folder / "cloud_plugin-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / "cloud_plugin.py").write_text(source)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cloud-plugin\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[deployer.providers]\nthird = cloud_plugin:connect\n")
        sys.path.insert(0, str(folder))

    yield install
    sys.path[:] = [entry for entry in sys.path if entry != str(folder)]
    sys.modules.pop("cloud_plugin", None)


def test_nothing_configured_gives_no_clouds(build: Build) -> None:
    assert build().providers == {}


def test_configured_clouds_are_found_by_name(build: Build, sandbox: Sandbox) -> None:
    assert list(build(**sandbox.env).providers) == ["azure", "openai"]


def test_third_cloud_is_one_package_with_an_entry_point(build: Build, plugin: Callable[[str], None]) -> None:
    plugin(
        "from tests.fakes import FakeClock, FakeCloud\n"
        "def connect(connection, clock):\n"
        "    return FakeCloud(FakeClock(), 'third')\n"
    )

    assert list(build().providers) == ["third"]


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ("import nonsense_that_is_not_there\n", "ModuleNotFoundError"),
        ("def connect(connection, clock):\n    raise KeyError('x')\n", "KeyError"),
        ("", "AttributeError"),
    ],
)
def test_broken_plugin_is_named(build: Build, plugin: Callable[[str], None], source: str, seen: str) -> None:
    plugin(source)

    with pytest.raises(DeployerError, match=f"the provider 'third' cannot be loaded: {seen}") as caught:
        _ = build().providers

    assert "reinstall or remove" in caught.value.next_step


def test_time_is_the_machines_unless_a_sandbox_tells_it(build: Build, sandbox: Sandbox) -> None:
    assert isinstance(build().clock, SystemClock)
    assert build(**sandbox.env).clock.now() == sandbox.client.now()


def test_clock_that_is_given_is_used(tmp_path: Path) -> None:
    clock = FakeClock()

    assert App(load_settings({"DEPLOYER_HOME": str(tmp_path)}, tmp_path), clock).clock is clock


def test_ledger_of_our_own_is_for_its_owner_only(build: Build, tmp_path: Path) -> None:
    _ = build().ledger

    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    files = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "home").glob("ledger.sqlite3*")}
    assert set(files.values()) == {0o600}


def test_ledger_in_a_folder_with_an_odd_name_is_found(build: Build, tmp_path: Path) -> None:
    app = build(DEPLOYER_HOME=str(tmp_path / "50% of é #1?"))
    _ = app.ledger

    assert (tmp_path / "50% of é #1?" / "ledger.sqlite3").stat().st_size > 0


def test_ledger_elsewhere_leaves_the_state_folder_alone(build: Build, tmp_path: Path) -> None:
    _ = build(DEPLOYER_DATABASE_URL=f"sqlite:///{tmp_path}/team.sqlite3").ledger

    assert (tmp_path / "team.sqlite3").exists()
    assert not (tmp_path / "home").exists()


def test_missing_policies_are_an_error_where_they_decide(build: Build) -> None:
    with pytest.raises(InvalidFile, match="DEPLOYER_POLICIES: there is no policies") as caught:
        build(DEPLOYER_POLICIES="policies-that-are-not-there").guard_context()

    assert "deployer init" in caught.value.next_step


def test_missing_policies_are_none_where_they_only_describe(build: Build) -> None:
    context = build(DEPLOYER_POLICIES="policies-that-are-not-there").guard_context(policies_needed=False)

    assert context.policies.policies == ()


def test_invalid_policies_are_an_error_everywhere(build: Build, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("version: 9\n")
    app = build(DEPLOYER_POLICIES=str(tmp_path / "bad.yaml"))

    with pytest.raises(InvalidFile):
        _ = app.policies_if_any


def test_guard_gets_what_the_settings_say(build: Build, tmp_path: Path) -> None:
    context = build(DEPLOYER_VERIFY_SECONDS="30", DEPLOYER_POLICIES="none").guard_context(policies_needed=False)

    assert context.verify_seconds == 30
    assert context.locks == tmp_path / "home" / "locks"
    assert not context.read_only


def test_bad_notification_url_is_refused_without_being_shown(build: Build) -> None:
    app = build(DEPLOYER_NOTIFY_URLS="nosuch://canary-4711")

    with pytest.raises(InvalidFile) as caught:
        _ = app.notifier

    assert "canary" not in caught.value.message


def test_closing_an_application_that_opened_nothing_is_fine(build: Build) -> None:
    build().close()
