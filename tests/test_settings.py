"""Settings: one reader of the environment, everything checked at once, secrets held apart."""

import re
from pathlib import Path

import pytest

from deployer.errors import InvalidFile
from deployer.setting import SETTINGS, env_example
from deployer.settings import Settings, default_home, exposed_dotenv, load_home, load_settings, prepare_home

ROOT = Path(__file__).parent.parent


def load(folder: Path, **environ: str) -> Settings:
    return load_settings({"DEPLOYER_HOME": str(folder / "home"), **environ}, folder)


def problems(folder: Path, **environ: str) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        load(folder, **environ)
    assert caught.value.exit_code == 4
    return [problem.where for problem in caught.value.problems]


def test_nothing_set_gives_the_documented_defaults(tmp_path: Path) -> None:
    settings = load_settings({}, tmp_path)

    assert settings.policies == Path("policies")
    assert settings.home == default_home({})
    assert settings.database_url.reveal() == f"sqlite:///{settings.home}/ledger.sqlite3"
    assert settings.vendor() == {}
    assert settings.get("AZURE_AUTHORITY_HOST") == "https://login.microsoftonline.com"


def test_state_goes_where_the_platform_puts_state() -> None:
    assert default_home({"XDG_STATE_HOME": "/state"}) == Path("/state/deployer")
    assert default_home({}) == Path.home() / ".local/state/deployer"


def test_dotenv_of_the_working_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_BASE_URL=https://here.example/v1\nAZURE_TENANT_ID='a # b'\n")

    settings = load(tmp_path)

    assert settings.get("OPENAI_BASE_URL") == "https://here.example/v1"
    assert settings.get("AZURE_TENANT_ID") == "a # b"


def test_environment_wins_over_dotenv_even_when_it_unsets(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AZURE_TENANT_ID=file\nAZURE_CLIENT_ID=file\n")

    settings = load(tmp_path, AZURE_TENANT_ID="environment", AZURE_CLIENT_ID="")

    assert settings.vendor() == {"AZURE_TENANT_ID": "environment"}


def test_dotenv_of_windows_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("AZURE_TENANT_ID=tenant\r\n".encode("utf-8-sig"))

    assert load(tmp_path).get("AZURE_TENANT_ID") == "tenant"


def test_dotenv_that_is_not_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe\x00")

    assert problems(tmp_path) == [str(tmp_path / ".env")]


def test_dollar_signs_in_a_secret_are_kept_as_they_are(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("OPENAI_API_KEY=sk-${HOME}x$y\n")

    assert load(tmp_path).vendor() == {"OPENAI_API_KEY": "sk-${HOME}x$y"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEPLOYER_AZURE_RESOURCE_MANAGER_URL", "management.azure.com"),
        ("OPENAI_BASE_URL", "ftp://host/v1"),
        ("DEPLOYER_AZURE_PRICES_URL", "https://host:99999/prices"),
        ("DEPLOYER_AZURE_METRICS_URL", "https://[bad/metrics"),
        ("DEPLOYER_AZURE_METRICS_URL", "https://{regio}.metrics.example"),
        ("DEPLOYER_AZURE_OPENAI_URL", "https://host/{account}/{region}"),
        ("OPENAI_API_KEY", "sk-clé"),
        ("AZURE_CLIENT_SECRET", "two\nlines"),
        ("AZURE_AUTHORITY_HOST", "https://"),
        ("DEPLOYER_DATABASE_URL", "ledger.sqlite3"),
        ("DEPLOYER_DATABASE_URL", "mysql://host/ledger"),
        ("DEPLOYER_DATABASE_URL", "sqlite://ledger.sqlite3"),
        ("DEPLOYER_CA_BUNDLE", "/nowhere/ca.pem"),
        ("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem"),
        ("SSL_CERT_FILE", "/nowhere/ca.pem"),
        ("DEPLOYER_VERIFY_SECONDS", "soon"),
        ("DEPLOYER_VERIFY_SECONDS", "0"),
        ("DEPLOYER_VERIFY_SECONDS", "nan"),
        ("DEPLOYER_NOTIFY_URLS", "ops@example.com"),
        ("DEPLOYER_CLOCK_URL", "https://time.example/_sandbox/clock"),
    ],
)
def test_bad_value_is_refused_by_the_settings_name(tmp_path: Path, name: str, value: str) -> None:
    assert problems(tmp_path, **{name: value}) == [name]


def test_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")

    assert problems(tmp_path) == ["DEPLOYER_HOME"]


def test_all_bad_values_are_told_at_once(tmp_path: Path) -> None:
    bad = {"OPENAI_BASE_URL": "x", "DEPLOYER_CA_BUNDLE": "/nowhere", "DEPLOYER_VERIFY_SECONDS": "-1"}

    assert sorted(problems(tmp_path, **bad)) == ["DEPLOYER_CA_BUNDLE", "DEPLOYER_VERIFY_SECONDS", "OPENAI_BASE_URL"]


def test_bad_secret_is_refused_without_being_shown(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile) as caught:
        load(tmp_path, DEPLOYER_DATABASE_URL="postgres//me:canary-4711@host/db", DEPLOYER_NOTIFY_URLS="canary-4712")

    assert "canary" not in caught.value.message


def test_authority_may_be_a_bare_host_as_azure_identity_takes_it(tmp_path: Path) -> None:
    assert load(tmp_path, AZURE_AUTHORITY_HOST="login.microsoftonline.us").warnings == ()


def test_endpoint_templates_are_valid(tmp_path: Path) -> None:
    load(tmp_path, DEPLOYER_AZURE_METRICS_URL="https://{region}.metrics.example")
    load(tmp_path, DEPLOYER_AZURE_OPENAI_URL="https://localhost:8443/accounts/{account}")


def test_unknown_setting_of_ours_is_a_warning_with_a_suggestion(tmp_path: Path) -> None:
    settings = load(tmp_path, DEPLOYER_POLICY="policies", DEPLOYER_X="1", SOMETHING_ELSE="1")

    assert settings.warnings == (
        "unknown setting DEPLOYER_POLICY (did you mean DEPLOYER_POLICIES?)",
        "unknown setting DEPLOYER_X",
    )


def test_vendor_variables_that_we_do_not_list_reach_the_vendors(tmp_path: Path) -> None:
    settings = load(tmp_path, IDENTITY_ENDPOINT="http://localhost:1", IDENTITY_HEADER="canary-4711", PATH="/bin")

    assert settings.vendor() == {"IDENTITY_ENDPOINT": "http://localhost:1", "IDENTITY_HEADER": "canary-4711"}
    assert settings.scrub("header canary-4711") == "header ********"


def test_our_own_secrets_do_not_reach_the_vendors(tmp_path: Path) -> None:
    settings = load(tmp_path, DEPLOYER_NOTIFY_URLS="json://host/token-4711")

    assert settings.vendor() == {}


def test_notification_urls_may_hold_commas_themselves(tmp_path: Path) -> None:
    settings = load(tmp_path, DEPLOYER_NOTIFY_URLS="mailto://a:b@c?to=x,y, json://host  xml://other")

    assert [url.reveal() for url in settings.notify_urls] == ["mailto://a:b@c?to=x,y", "json://host", "xml://other"]


def test_secrets_do_not_show_in_the_settings_repr(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        AZURE_CLIENT_SECRET="canary-4711",
        DEPLOYER_DATABASE_URL="sqlite:////ledger?key=canary-4711",
        DEPLOYER_NOTIFY_URLS="slack://canary-4711/b/c",
    )

    assert "canary" not in repr(settings)
    assert "canary" not in f"{settings.secrets} {settings.database_url}"


def test_state_folder_belongs_to_its_owner_only(tmp_path: Path) -> None:
    home = prepare_home(tmp_path / "a" / "home")

    assert home.stat().st_mode & 0o777 == 0o700


def test_state_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(InvalidFile, match="DEPLOYER_HOME: cannot create"):
        prepare_home(tmp_path / "file" / "home")


def test_state_folder_is_found_although_other_settings_are_broken(tmp_path: Path) -> None:
    assert load_home({"DEPLOYER_HOME": str(tmp_path), "SSL_CERT_FILE": "/gone"}, tmp_path) == tmp_path


@pytest.mark.parametrize(("mode", "exposed"), [(0o600, False), (0o640, True), (0o604, True)])
def test_dotenv_that_others_may_read_is_noticed(tmp_path: Path, mode: int, exposed: bool) -> None:
    (tmp_path / ".env").write_text("")
    (tmp_path / ".env").chmod(mode)

    assert bool(exposed_dotenv(tmp_path)) is exposed


def test_env_example_is_what_the_settings_say() -> None:
    assert (ROOT / ".env.example").read_text() == env_example()


def test_env_example_has_every_setting_with_a_comment() -> None:
    lines = env_example().splitlines()
    named = {line.lstrip("# ").partition("=")[0]: index for index, line in enumerate(lines) if _is_setting(line)}

    assert named.keys() == SETTINGS.keys()
    assert all(lines[index - 1].startswith("# ") for index in named.values())


def test_env_example_sets_nothing(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(env_example())

    assert load(tmp_path).vendor() == {}


def _is_setting(line: str) -> bool:
    return re.match(r"(# )?[A-Z][A-Z_]+=", line) is not None
