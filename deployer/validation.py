"""What makes a setting's value valid. A problem never shows the value of a secret."""

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from deployer.errors import Problem
from deployer.setting import Kind, Setting

_SCHEMES = ("sqlite",)
_PLACEHOLDERS = {"DEPLOYER_AZURE_METRICS_URL": {"{region}"}, "DEPLOYER_AZURE_OPENAI_URL": {"{account}"}}


def split_urls(urls: str) -> list[str]:
    """At commas and spaces that another URL follows: a URL may hold commas itself."""
    return [url for url in re.split(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)", urls.strip(" ,")) if url]


def check_value(setting: Setting, value: str) -> list[Problem]:
    check = _CHECKS.get(setting.kind)
    problem = check(setting, value) if check else None
    return [problem] if problem else []


def _check_text(setting: Setting, value: str) -> Problem | None:
    if setting.secret and not (value.isascii() and value.isprintable()):
        return Problem(setting.name, "it holds a sign that no key holds", "letters, digits and signs of ASCII")
    return None


def _check_url(setting: Setting, value: str) -> Problem | None:
    expected = "a URL such as https://host/path"
    if setting.name == "AZURE_AUTHORITY_HOST" and "://" not in value:
        value = f"https://{value}"  # azure-identity takes a bare host too
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        sound = False
    if not sound or any(character.isspace() for character in value):
        return Problem(setting.name, "this is not a URL", expected)
    unknown = sorted(set(re.findall(r"\{[^}]*\}?|\}", value)) - _PLACEHOLDERS.get(setting.name, set()))
    if unknown:
        known = " and ".join(sorted(_PLACEHOLDERS.get(setting.name, set()))) or "no placeholder"
        return Problem(setting.name, f"{unknown[0]} is not replaced by anything", known)
    if setting.name == "DEPLOYER_CLOCK_URL" and urlsplit(value).hostname not in ("localhost", "127.0.0.1", "::1"):
        return Problem(setting.name, f"the host is {urlsplit(value).hostname}", "a sandbox on this machine (localhost)")
    return None


def _check_database(setting: Setting, value: str) -> Problem | None:
    expected = "sqlite:////absolute/path/ledger.sqlite3"
    scheme = value.partition("://")[0]
    if "://" not in value or scheme.partition("+")[0] not in _SCHEMES:
        return Problem(setting.name, "this is not the URL of a SQLite file", expected)
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
    return None if _holds_certificates(path) else Problem(setting.name, f"{path} holds no certificate", "a PEM file")


def _holds_certificates(path: Path) -> bool:
    import ssl

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except (ssl.SSLError, OSError):
        return False
    return True


def _check_seconds(setting: Setting, value: str) -> Problem | None:
    try:
        sound = 0 < float(value) < float("inf")
    except ValueError:
        sound = False
    return None if sound else Problem(setting.name, f"{value!r} is not a number of seconds", "a number above 0")


def _check_tokens(setting: Setting, value: str) -> Problem | None:
    urls = split_urls(value)
    wrong = [position for position, url in enumerate(urls, 1) if "://" not in url]
    if not wrong:
        return None
    places = ", ".join(map(str, wrong))
    return Problem(setting.name, f"entry {places} of {len(urls)} is not a URL", "Apprise URLs such as mailto://...")


_CHECKS = {
    Kind.TEXT: _check_text,
    Kind.URL: _check_url,
    Kind.DATABASE: _check_database,
    Kind.FOLDER: _check_folder,
    Kind.PATH: _check_path,
    Kind.FILE: _check_file,
    Kind.SECONDS: _check_seconds,
    Kind.TOKENS: _check_tokens,
}
