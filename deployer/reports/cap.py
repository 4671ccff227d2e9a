"""What caps the clouds keep by themselves, account by account, and what could not be read of them."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from deployer.domain.cap import AccountCaps
from deployer.domain.deployment import Account
from deployer.domain.snapshot import Gap
from deployer.errors import CloudError
from deployer.ports.cloud import Caps, Provider

WORKERS = 8


@dataclass(frozen=True)
class CapSurvey:
    """`notes` say of a cloud what it does not keep at all."""

    caps: tuple[AccountCaps, ...] = ()
    gaps: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def blind(self) -> bool:
        """Whether there was something to read, and nothing at all could be."""
        return bool(self.gaps) and not any(one.caps or not one.unread for one in self.caps)


def survey_caps(providers: Mapping[str, Provider], name: str = "") -> CapSurvey:
    """All accounts, or those of that id or name; what one does not show is a gap."""
    found: list[AccountCaps] = []
    gaps: list[Gap] = []
    notes: list[str] = []
    for provider in providers.values():
        if provider.caps is None:
            notes.append(f"{provider.name} keeps no cap that stops spending: budgets there only send e-mail")
            continue
        try:
            accounts = [one for one in provider.caps.accounts() if not name or _is_named(one, name)]
        except CloudError as error:
            gaps.append(Gap("caps", provider.name, error.message))
            continue
        read = _read_all(provider.caps, accounts)
        found += [one for one in read if isinstance(one, AccountCaps)]
        gaps += [one for one in read if isinstance(one, Gap)]
    gaps += [
        Gap(kind.plural, f"{one.account.provider}:{one.account.name}", cause)
        for one in found
        for kind, cause in one.unread.items()
    ]
    return CapSurvey(tuple(found), tuple(gaps), tuple(notes))


def _read_all(caps: Caps, accounts: list[Account]) -> list[AccountCaps | Gap]:
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        return list(pool.map(lambda account: _read(caps, account), accounts))


def _read(caps: Caps, account: Account) -> AccountCaps | Gap:
    try:
        return caps.read(account)
    except CloudError as error:
        return Gap("caps", f"{account.provider}:{account.name}", error.message)


def _is_named(account: Account, name: str) -> bool:
    return name.lower() in {account.name.lower(), account.tags.get("name", "").lower()}
