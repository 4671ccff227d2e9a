"""Every setting: its name, what it is for, its default and how its value is checked.

The one list from which `.env.example`, the validation and the warnings about unknown names are made.
"""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a value must be."""

    TEXT = "text"
    URL = "url"
    DATABASE = "database"
    FOLDER = "folder"
    PATH = "path"
    FILE = "file"
    SECONDS = "seconds"
    TOKENS = "notification URLs"


@dataclass(frozen=True)
class Setting:
    """One setting; `example` is what `.env.example` shows when there is no default."""

    name: str
    about: str
    kind: Kind = Kind.TEXT
    default: str = ""
    example: str = ""
    secret: bool = False


@dataclass(frozen=True)
class Section:
    title: str
    settings: tuple[Setting, ...]


AZURE = Section(
    "Azure OpenAI. Leave all empty when you do not use Azure.",
    (
        Setting("AZURE_TENANT_ID", "Directory (tenant) of the credential."),
        Setting(
            "AZURE_CLIENT_ID",
            "Application (client) id of a service principal. Without a secret, any other login that\n"
            "azure-identity finds is used: managed identity, workload identity, `az login`.",
        ),
        Setting("AZURE_CLIENT_SECRET", "Secret of that service principal.", secret=True),
        Setting(
            "AZURE_SUBSCRIPTION_ID",
            "One subscription or several, comma-separated. Empty: all that the credential sees.",
        ),
        Setting("AZURE_AUTHORITY_HOST", "Where tokens come from.", Kind.URL, "https://login.microsoftonline.com"),
        Setting(
            "DEPLOYER_AZURE_RESOURCE_MANAGER_URL", "Azure Resource Manager.", Kind.URL, "https://management.azure.com"
        ),
        Setting(
            "DEPLOYER_AZURE_METRICS_URL",
            "Azure Monitor metrics; {region} is replaced by the account's region.",
            Kind.URL,
            "https://{region}.metrics.monitor.azure.com",
        ),
        Setting(
            "DEPLOYER_AZURE_OPENAI_URL",
            "Data plane of an account; {account} is replaced by its name. Empty: what Resource Manager reports.",
            Kind.URL,
            example="https://{account}.openai.azure.com",
        ),
        Setting(
            "DEPLOYER_AZURE_PRICES_URL", "Public retail prices.", Kind.URL, "https://prices.azure.com/api/retail/prices"
        ),
        Setting(
            "DEPLOYER_AZURE_AUDIENCE",
            "Token audience of Resource Manager, for other clouds.",
            example="https://management.azure.com",
        ),
        Setting(
            "DEPLOYER_AZURE_OPENAI_AUDIENCE",
            "Token audience of the data plane, for other clouds.",
            example="https://cognitiveservices.azure.com",
        ),
        Setting(
            "DEPLOYER_AZURE_METRICS_AUDIENCE",
            "Token audience of metrics, for other clouds.",
            example="https://metrics.monitor.azure.com",
        ),
    ),
)
OPENAI = Section(
    "OpenAI. Leave all empty when you do not use OpenAI.",
    (
        Setting("OPENAI_API_KEY", "Key of the project in which fine-tuning and calls run.", secret=True),
        Setting(
            "OPENAI_ADMIN_KEY",
            "Admin key of the organisation: usage, costs and spend limits of all projects.",
            secret=True,
        ),
        Setting("OPENAI_BASE_URL", "Where the API is.", Kind.URL, "https://api.openai.com/v1"),
    ),
)
DEPLOYER = Section(
    "Deployer itself.",
    (
        Setting("DEPLOYER_HOME", "State folder: ledger, logs.", Kind.FOLDER, example="~/.local/state/deployer"),
        Setting(
            "DEPLOYER_DATABASE_URL",
            "Ledger. Empty: ledger.sqlite3 in the state folder.",
            Kind.DATABASE,
            example="sqlite:////srv/deployer/ledger.sqlite3",
            secret=True,
        ),
        Setting("DEPLOYER_POLICIES", "Policy file or folder.", Kind.PATH, "policies/"),
        Setting(
            "DEPLOYER_NOTIFY_URLS",
            "Where warnings and acts are told: Apprise URLs, separated by commas or spaces.",
            Kind.TOKENS,
            example="mailto://user:PASSWORD@example.com, slack://TOKEN_A/TOKEN_B/TOKEN_C",
            secret=True,
        ),
        Setting(
            "DEPLOYER_VERIFY_SECONDS", "How long to watch a deletion until it is seen to be done.", Kind.SECONDS, "120"
        ),
    ),
)
NETWORK = Section(
    "Network.",
    (
        Setting(
            "DEPLOYER_CA_BUNDLE",
            "PEM file of authorities that every client trusts, whichever variable it reads.",
            Kind.FILE,
            example="/etc/ssl/certs/company-ca.pem",
        ),
        Setting(
            "REQUESTS_CA_BUNDLE",
            "The same, for clients built on requests (Azure).",
            Kind.FILE,
            example="/etc/ssl/certs/company-ca.pem",
        ),
        Setting(
            "SSL_CERT_FILE",
            "The same, for clients built on OpenSSL (OpenAI).",
            Kind.FILE,
            example="/etc/ssl/certs/company-ca.pem",
        ),
        Setting(
            "DEPLOYER_CLOCK_URL",
            "Read the time from a sandbox on this machine instead of the machine's clock. Tests and demos only.",
            Kind.URL,
            example="https://localhost:8443/_sandbox/clock",
        ),
    ),
)
SECTIONS = (AZURE, OPENAI, DEPLOYER, NETWORK)
SETTINGS: dict[str, Setting] = {setting.name: setting for section in SECTIONS for setting in section.settings}

_HEADER = """\
# Settings of deployer. Copy to `.env` in the folder where you run it, or set them in the environment,
# which wins over this file. Everything is optional; an empty value counts as not set, and a line that
# starts with # shows a default or an example. Keep `.env` out of version control: it holds secrets.
"""


def env_example() -> str:
    """The text of `.env.example`: every setting with a comment, none of them set."""
    blocks = [_HEADER]
    for section in SECTIONS:
        blocks.append(f"\n# --- {section.title}\n")
        blocks += [_entry(setting) for setting in section.settings]
    return "".join(blocks)


def _entry(setting: Setting) -> str:
    note = " Default:" if setting.default else " Example:" if setting.example else ""
    about = "".join(f"# {line}\n" for line in f"{setting.about}{note}".splitlines())
    value = setting.default or setting.example
    return f"\n{about}# {setting.name}={value}\n" if value else f"\n{about}{setting.name}=\n"
