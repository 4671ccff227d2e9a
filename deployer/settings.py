"""The environment and `.env` as one frozen value; nobody else reads the environment.

All settings are checked at once, so that a person mends them in one go. Secrets are held in a
type that hides them, and `scrub` removes their values from any text.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import quote

from deployer.errors import DeployerError, InvalidFile, Problem
from deployer.secret import Scrubber, Secret, secret_parts, token_parts
from deployer.setting import SETTINGS, Kind
from deployer.validation import check_value, split_urls

LEDGER_FILE = "ledger.sqlite3"
_VENDOR_PREFIXES = ("AZURE_", "OPENAI_", "DEPLOYER_AZURE_", "IDENTITY_", "MSI_", "REQUESTS_CA_", "SSL_CERT_")
_SECRET_WORDS = ("SECRET", "PASSWORD", "TOKEN", "KEY", "HEADER")
"""A vendor's variable that we do not list is a secret when its name says so."""


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked. `values` holds only what is set, without secrets.

    `ca_bundle` is the one for every client; a client's own variable is among `values`.
    """

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

    @property
    def any_ca_bundle(self) -> str:
        """A file of trusted authorities for our own calls, "" for the machine's."""
        names = ("DEPLOYER_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
        return next((self.values[name] for name in names if name in self.values), "")

    def get(self, name: str) -> str:
        """The value of a setting that is no secret, or its default."""
        return self.values.get(name) or SETTINGS[name].default

    def vendor(self) -> dict[str, str]:
        """The vendors' settings that are set, those we do not list too, secrets in clear: for connections only."""
        clear = {name: secret.reveal() for name, secret in self.secrets.items()}
        return {name: value for name, value in {**self.values, **clear}.items() if name.startswith(_VENDOR_PREFIXES)}


def load_settings(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Settings:
    """Read the environment and `.env` in `folder`; raises InvalidFile with every problem found."""
    environ = os.environ if environ is None else environ
    raw = _merged(environ, folder or Path.cwd())
    problems = [
        problem for name, value in raw.items() if name in SETTINGS for problem in check_value(SETTINGS[name], value)
    ]
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
    problems = check_value(SETTINGS["DEPLOYER_HOME"], value) if value else []
    if problems:
        raise InvalidFile(tuple(problems), next_step="set DEPLOYER_HOME to a folder of yours")
    return _home(raw, environ)


def exposed_dotenv(folder: Path | None = None) -> Path | None:
    """The `.env` in force when others than its owner may read it."""
    path = (folder or Path.cwd()) / ".env"
    return path if os.name == "posix" and path.is_file() and path.stat().st_mode & 0o077 else None


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


def trust_everywhere(settings: Settings) -> None:
    """Point libraries that read only their own variable at our authorities."""
    if settings.ca_bundle:
        for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
            os.environ.setdefault(name, str(settings.ca_bundle))


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
    return Secret(f"sqlite:///{quote(str(path))}")


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
    known = {name: value for name, value in raw.items() if _is_ours(name)}
    home = _home(known, environ)
    database = known.get("DEPLOYER_DATABASE_URL")
    return Settings(
        home=home,
        database_url=Secret(database) if database else sqlite_url(home / LEDGER_FILE),
        policies=Path(known.get("DEPLOYER_POLICIES", SETTINGS["DEPLOYER_POLICIES"].default)).expanduser(),
        values={name: value for name, value in known.items() if not _is_secret(name)},
        secrets={name: Secret(value) for name, value in known.items() if _is_secret(name)},
        notify_urls=tuple(Secret(url) for url in split_urls(known.get("DEPLOYER_NOTIFY_URLS", ""))),
        ca_bundle=Path(known["DEPLOYER_CA_BUNDLE"]).expanduser() if "DEPLOYER_CA_BUNDLE" in known else None,
        clock_url=known.get("DEPLOYER_CLOCK_URL", ""),
        verify_seconds=float(known.get("DEPLOYER_VERIFY_SECONDS", SETTINGS["DEPLOYER_VERIFY_SECONDS"].default)),
        warnings=_unknown_names(raw),
        scrub=_scrubber(raw),
    )


def _home(known: Mapping[str, str], environ: Mapping[str, str]) -> Path:
    home = Path(known["DEPLOYER_HOME"]).expanduser() if "DEPLOYER_HOME" in known else default_home(environ)
    return home.absolute()


def _is_ours(name: str) -> bool:
    """Whether a variable is a setting: one that we list, or a vendor's own."""
    return name in SETTINGS or (name.startswith(_VENDOR_PREFIXES) and not name.startswith("DEPLOYER_"))


def _is_secret(name: str) -> bool:
    return SETTINGS[name].secret if name in SETTINGS else any(word in name for word in _SECRET_WORDS)


def _unknown_names(raw: Mapping[str, str]) -> tuple[str, ...]:
    ours = sorted(name for name in raw if name.startswith("DEPLOYER_") and name not in SETTINGS)
    return tuple(f"unknown setting {name}{_suggestion(name)}" for name in ours)


def _suggestion(name: str) -> str:
    ours = {known.removeprefix("DEPLOYER_"): known for known in SETTINGS if known.startswith("DEPLOYER_")}
    close = get_close_matches(name.removeprefix("DEPLOYER_"), ours, n=1)
    return f" (did you mean {ours[close[0]]}?)" if close else ""


def _scrubber(raw: Mapping[str, str]) -> Scrubber:
    return Scrubber(secret for name, value in raw.items() if _is_ours(name) for secret in _secrets_of(name, value))


def _secrets_of(name: str, value: str) -> list[str]:
    kind = SETTINGS[name].kind if name in SETTINGS else Kind.TEXT
    if kind is Kind.TOKENS:
        return [part for url in split_urls(value) for part in token_parts(url)]
    if kind in (Kind.URL, Kind.DATABASE):
        return list(secret_parts(value))
    return [value] if _is_secret(name) else []
