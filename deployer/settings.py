"""The environment and `.env` as one frozen value; nobody else reads the environment.

All settings are checked at once, so that a person mends them in one go. Secrets are held in a
type that hides them, and `scrub` removes their values from any text.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from deployer.errors import DeployerError, InvalidFile, Problem
from deployer.secret import Scrubber, Secret, secret_parts, token_parts
from deployer.setting import SETTINGS, Kind, Setting

LEDGER_FILE = "ledger.sqlite3"
_VENDOR_PREFIXES = ("AZURE_", "OPENAI_", "DEPLOYER_AZURE_")
_SCHEMES = ("sqlite", "postgresql", "postgres")


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked. `values` holds only what is set, without secrets."""

    home: Path
    database_url: Secret
    policies: Path
    values: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    notify_urls: tuple[Secret, ...] = ()
    ca_bundle: Path | None = None
    clock_url: str = ""
    verify_seconds: float = 120.0
    warnings: tuple[str, ...] = ()
    scrub: Scrubber = field(default_factory=lambda: Scrubber(()), repr=False)

    @property
    def own_database(self) -> bool:
        """Whether the ledger is the SQLite file in the state folder."""
        return self.database_url == sqlite_url(self.ledger_file)

    @property
    def ledger_file(self) -> Path:
        """Where the ledger is when it is our own SQLite file."""
        return self.home / LEDGER_FILE

    def get(self, name: str) -> str:
        """The value of a setting that is no secret, or its default."""
        return self.values.get(name) or SETTINGS[name].default

    def vendor(self) -> dict[str, str]:
        """The vendors' settings that are set, secrets in clear: for the providers' connections only."""
        clear = {name: secret.reveal() for name, secret in self.secrets.items()}
        return {name: value for name, value in {**self.values, **clear}.items() if name.startswith(_VENDOR_PREFIXES)}


def load_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Read the environment and `.env` in `folder`; raises InvalidFile with every problem found."""
    environ = os.environ if environ is None else environ
    raw = _merged(environ, folder or Path.cwd())
    problems = [problem for name, value in raw.items() if name in SETTINGS for problem in _check(SETTINGS[name], value)]
    if problems:
        raise InvalidFile(
            tuple(sorted(problems)),
            next_step="mend the settings in the environment or `.env`; `.env.example` explains each",
        )
    return _build(raw, environ)


def load_home(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Path:
    """The state folder alone, whatever else is set; raises InvalidFile when it cannot be one."""
    environ = os.environ if environ is None else environ
    raw = _merged(environ, folder or Path.cwd())
    value = raw.get("DEPLOYER_HOME")
    problems = _check(SETTINGS["DEPLOYER_HOME"], value) if value else []
    if problems:
        raise InvalidFile(tuple(problems), next_step="set DEPLOYER_HOME to a folder of yours")
    return _home(raw, environ)


def scrub_environment(text: str) -> str:
    """The text without this process's secrets; works with settings that are invalid."""
    try:
        raw = _merged(os.environ, Path.cwd())
    except (DeployerError, OSError):
        raw = dict(os.environ)
    return _scrubber(raw)(text)


def colour_wanted() -> bool:
    """Whether colour is allowed: the convention of no-color.org."""
    return not os.environ.get("NO_COLOR")


def prepare_home(home: Path) -> Path:
    """The state folder, created for its owner only."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidFile(
            (Problem("DEPLOYER_HOME", f"cannot create {home}: {error.strerror}", "a folder that you may write"),),
            next_step="set DEPLOYER_HOME to a folder of yours",
        ) from error
    return home


def default_home(environ: Mapping[str, str]) -> Path:
    """The platform's place for state."""
    if sys.platform == "win32":
        base = environ.get("LOCALAPPDATA")
        return Path(base) / "deployer" if base else Path.home() / "AppData" / "Local" / "deployer"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "deployer"
    state = environ.get("XDG_STATE_HOME")
    return Path(state) / "deployer" if state else Path.home() / ".local" / "state" / "deployer"


def sqlite_url(path: Path) -> Secret:
    return Secret(f"sqlite:///{path}")


# --- reading ----------------------------------------------------------------------------------


def _merged(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """`.env` under the environment: what the environment sets, even to nothing, wins. Empty values are unset."""
    merged = {**_dotenv(folder / ".env"), **environ}
    return {name: value.strip() for name, value in merged.items() if value.strip()}


def _dotenv(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    import io

    from dotenv import dotenv_values

    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFile((Problem(str(path), f"cannot be read: {error}", "a UTF-8 text file"),)) from error
    return {name: value or "" for name, value in dotenv_values(stream=io.StringIO(text), interpolate=False).items()}


def _build(raw: Mapping[str, str], environ: Mapping[str, str]) -> Settings:
    known = {name: value for name, value in raw.items() if name in SETTINGS}
    home = _home(known, environ)
    database = known.get("DEPLOYER_DATABASE_URL")
    return Settings(
        home=home,
        database_url=Secret(database) if database else sqlite_url(home / LEDGER_FILE),
        policies=Path(known.get("DEPLOYER_POLICIES", SETTINGS["DEPLOYER_POLICIES"].default)).expanduser(),
        values={name: value for name, value in known.items() if not SETTINGS[name].secret},
        secrets={name: Secret(value) for name, value in known.items() if SETTINGS[name].secret},
        notify_urls=tuple(Secret(url) for url in _split(known.get("DEPLOYER_NOTIFY_URLS", ""))),
        ca_bundle=_ca_bundle(known),
        clock_url=known.get("DEPLOYER_CLOCK_URL", ""),
        verify_seconds=float(known.get("DEPLOYER_VERIFY_SECONDS", SETTINGS["DEPLOYER_VERIFY_SECONDS"].default)),
        warnings=_unknown_names(raw),
        scrub=_scrubber(raw),
    )


def _home(known: Mapping[str, str], environ: Mapping[str, str]) -> Path:
    home = Path(known["DEPLOYER_HOME"]).expanduser() if "DEPLOYER_HOME" in known else default_home(environ)
    return home.absolute()


def _ca_bundle(known: Mapping[str, str]) -> Path | None:
    names = ("DEPLOYER_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    value = next((known[name] for name in names if name in known), None)
    return Path(value).expanduser() if value else None


def _split(urls: str) -> list[str]:
    """At commas and spaces that another URL follows: a URL may hold commas itself."""
    return [url for url in re.split(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)", urls.strip(" ,")) if url]


def _unknown_names(raw: Mapping[str, str]) -> tuple[str, ...]:
    ours = sorted(name for name in raw if name.startswith("DEPLOYER_") and name not in SETTINGS)
    return tuple(f"unknown setting {name}{_suggestion(name)}" for name in ours)


def _suggestion(name: str) -> str:
    close = get_close_matches(name, SETTINGS, n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _scrubber(raw: Mapping[str, str]) -> Scrubber:
    secrets: list[str] = []
    for name, value in raw.items():
        setting = SETTINGS.get(name)
        if setting is None:
            continue
        if setting.kind is Kind.TOKENS:
            secrets += [part for url in _split(value) for part in token_parts(url)]
        elif setting.kind in (Kind.URL, Kind.DATABASE):
            secrets += secret_parts(value)
        elif setting.secret:
            secrets.append(value)
    return Scrubber(secrets)


# --- checking ---------------------------------------------------------------------------------


def _check(setting: Setting, value: str) -> list[Problem]:
    check = _CHECKS.get(setting.kind)
    problem = check(setting, value) if check else None
    return [problem] if problem else []


def _check_url(setting: Setting, value: str) -> Problem | None:
    expected = "a URL such as https://host/path"
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound or any(character.isspace() for character in value):
        return Problem(setting.name, "this is not a URL", expected)
    if setting.name == "DEPLOYER_CLOCK_URL" and urlsplit(value).hostname not in ("localhost", "127.0.0.1", "::1"):
        return Problem(setting.name, f"the host is {urlsplit(value).hostname}", "a sandbox on this machine (localhost)")
    return None


def _check_database(setting: Setting, value: str) -> Problem | None:
    expected = "sqlite:////absolute/path.sqlite3 or postgresql://user:password@host/database"
    scheme = value.partition("://")[0]
    if "://" not in value or scheme.partition("+")[0] not in _SCHEMES:
        return Problem(setting.name, "this is not the URL of a database", expected)
    if scheme.startswith("sqlite") and not value.startswith(f"{scheme}:///"):
        return Problem(setting.name, "the path does not follow sqlite:///", expected)
    return None


def _check_folder(setting: Setting, value: str) -> Problem | None:
    path = Path(value).expanduser()
    if path.exists() and not path.is_dir():
        return Problem(setting.name, f"{path} is a file", "a folder")
    if path.exists() and not os.access(path, os.R_OK | os.X_OK):
        return Problem(setting.name, f"{path} may not be read", "a folder of yours")
    return None


def _check_path(setting: Setting, value: str) -> Problem | None:
    return Problem(setting.name, "the path holds a NUL character", "a file or folder") if "\0" in value else None


def _check_file(setting: Setting, value: str) -> Problem | None:
    path = Path(value).expanduser()
    if setting.name != "DEPLOYER_CA_BUNDLE" and path.is_dir():
        return None
    if not path.is_file():
        return Problem(setting.name, f"there is no file {path}", "a PEM file of certificates")
    if not os.access(path, os.R_OK):
        return Problem(setting.name, f"{path} may not be read", "a PEM file that you may read")
    return None


def _check_seconds(setting: Setting, value: str) -> Problem | None:
    try:
        sound = 0 < float(value) < float("inf")
    except ValueError:
        sound = False
    return None if sound else Problem(setting.name, f"{value!r} is not a number of seconds", "a number above 0")


def _check_tokens(setting: Setting, value: str) -> Problem | None:
    urls = _split(value)
    wrong = [position for position, url in enumerate(urls, 1) if "://" not in url]
    if not wrong:
        return None
    places = ", ".join(map(str, wrong))
    return Problem(setting.name, f"entry {places} of {len(urls)} is not a URL", "Apprise URLs such as mailto://...")


_CHECKS = {
    Kind.URL: _check_url,
    Kind.DATABASE: _check_database,
    Kind.FOLDER: _check_folder,
    Kind.PATH: _check_path,
    Kind.FILE: _check_file,
    Kind.SECONDS: _check_seconds,
    Kind.TOKENS: _check_tokens,
}
