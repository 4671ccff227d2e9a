"""What a person asks to be trained, and the checked data and price behind it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from deployer.datasets.check import DatasetReport, check_dataset
from deployer.domain.act import Act
from deployer.domain.deployment import Account
from deployer.domain.job import Hyperparameters
from deployer.domain.snapshot import InventoryReading
from deployer.errors import CloudError, DeployerError, InvalidFile, InvalidUsage, NotFound, Refused
from deployer.guard.context import GuardContext
from deployer.ports.cloud import Provider
from deployer.spend.price import PriceBook
from deployer.training.closing import Closing, look, printed
from deployer.training.epoch import expected_epochs
from deployer.training.estimate import Estimate, estimate
from deployer.training.grader import Grader, load_grader
from deployer.training.room import NOT_STARTED, check_job_room
from deployer.training.tier import Place, Terms

CLOUDS = ("azure", "openai")
"""What is compared when no cloud is configured: the ones the price book knows."""


@dataclass(frozen=True)
class Order:
    """A job that a person asks for; an empty `provider` or `account` means the only one there is.

    Without epochs the expected number is asked for by name, so that the price is bounded;
    `auto_epochs` leaves the choice to the vendor. An empty `method` is the one that the data is for.
    Reinforcement takes a `grader`, and `max_hours` of training after which we pause it.
    """

    model: str
    training: Path
    validation: Path | None = None
    provider: str = ""
    account: str = ""
    hyperparameters: Hyperparameters = field(default_factory=Hyperparameters)
    auto_epochs: bool = False
    suffix: str = ""
    seed: int | None = None
    tier: str = ""
    method: str = ""
    grader: Path | None = None
    max_hours: Decimal | None = None

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(path for path in (self.training, self.validation) if path is not None)

    @property
    def wanted(self) -> str:
        """The method, as far as the order says; only reinforcement has a grader."""
        return self.method or ("reinforcement" if self.grader else "")


@dataclass(frozen=True)
class Quote:
    """An order made definite: where, with which parameters, on which data, at which price."""

    order: Order
    provider: Provider
    account: Account
    hyperparameters: Hyperparameters
    report: DatasetReport
    estimate: Estimate
    grader: Grader | None = None

    @property
    def fingerprint(self) -> str:
        """The same for the same order on the same bytes: a repeated start after a crash is recognised by it."""
        digest = hashlib.sha256()
        for path in (self.order.training, self.order.validation):
            if path is not None:
                with path.open("rb") as content:
                    digest.update(hashlib.file_digest(content, "sha256").digest())
        facts = (self.account.resource_id, self.order.model, self.hyperparameters, self.order.suffix, self.order.seed)
        digest.update(repr((*facts, self.estimate.place.tier, self.report.method, self.order.max_hours)).encode())
        digest.update(json.dumps(self.grader.document if self.grader else None, sort_keys=True).encode())
        return digest.hexdigest()[:32]


def quote(context: GuardContext, order: Order) -> Quote:
    """Check the data and price the job. Raises InvalidFile with every problem of the data; nothing is sent."""
    provider = choose_provider(context.providers, order.provider, order.account)
    report, grader = _checked(order)
    if report.method == "reinforcement":
        _require_reinforceable(order, provider.name, grader)
    account = choose_account(provider, order.account)
    parameters = order.hyperparameters
    if parameters.epochs is None and not order.auto_epochs:
        parameters = replace(parameters, epochs=expected_epochs(report.valid))
    place = Place(account, order.tier)
    seen = look(provider, account, order.model, report.method)
    now, terms = context.clock.now(), _terms(order, grader)
    priced = estimate(report, place, parameters, context.book, now, seen, terms)
    return Quote(order, provider, account, parameters, report, priced, grader)


def estimates(providers: Mapping[str, Provider], book: PriceBook, at: datetime, order: Order) -> list[Estimate]:
    """Price an order without sending anything: at one account's prices, or at each cloud's list prices.

    A named account is looked up for its region; OpenAI, where it is configured, for what it closes. No data is
    sent, nothing is created. Raises InvalidFile with every problem of the data.
    """
    report, grader = _checked(order)
    if order.account:
        accounts = [choose_account(choose_provider(providers, order.provider, order.account), order.account)]
    elif order.provider:
        accounts = [Account(order.provider, "", "")]
    else:
        names = ["azure"] if order.tier else list(providers) or list(CLOUDS)
        accounts = [Account(name, "", "") for name in names]
    places, terms = [Place(account, order.tier) for account in accounts], _terms(order, grader)
    found = [
        estimate(
            report, place, order.hyperparameters, book, at, _seen(providers, place.account, order, report.method), terms
        )
        for place in places
    ]
    return [_with_room(providers, order, one) for one in found] if order.account else found


def _with_room(providers: Mapping[str, Provider], order: Order, found: Estimate) -> Estimate:
    """With what the account has no room for: a job that would be refused cannot be started, whatever it costs."""
    provider = providers.get(found.place.account.provider)
    if provider is None or found.obstacle:
        return found
    try:
        told = check_job_room(provider, found.place.account, order.files, found.place.tier)
    except Refused as refused:
        return replace(found, obstacle=refused.message.removeprefix(NOT_STARTED))
    return replace(found, warnings=(*found.warnings, *told))


def _checked(order: Order) -> tuple[DatasetReport, Grader | None]:
    """The data, fit for what is asked. Raises InvalidFile, or InvalidUsage for options that do not go together."""
    if order.grader and order.wanted != "reinforcement":
        raise InvalidUsage(f"--grader is for reinforcement: --method {order.method} has no grader")
    grader = load_grader(order.grader) if order.grader else None
    fields = grader.fields if grader else ()
    report = check_dataset(order.training, order.model, order.validation, order.wanted, fields)
    if not report.ok:
        raise InvalidFile(report.errors, next_step=f"mend the data; `deployer dataset check {order.training}`")
    if order.max_hours is not None and report.method != "reinforcement":
        raise InvalidUsage(f"--max-hours is for reinforcement: {report.method} jobs are billed by the token")
    return report, grader


def _require_reinforceable(order: Order, provider: str, grader: Grader | None) -> None:
    """Azure takes no reinforcement job without validation data (its guide's requirements, read 2026-11-20)."""
    if grader is None:
        raise InvalidUsage(
            "not started: a reinforcement job needs a grader",
            next_step="--grader FILE: a JSON file as the vendor's guide to graders shows",
        )
    if provider == "azure" and order.validation is None:
        raise InvalidUsage(
            "not started: Azure takes no reinforcement job without validation data",
            next_step="--validation FILE: rows of the same kind that are not trained on",
        )


def _terms(order: Order, grader: Grader | None) -> Terms:
    return Terms(order.max_hours, grader.models if grader else ())


def _seen(providers: Mapping[str, Provider], account: Account, order: Order, method: str) -> Closing | None:
    """What the vendor itself says of the end; None, its pages then, where no account is named and it does not close."""
    provider = providers.get(account.provider)
    if provider is None or not (order.account or account.provider == "openai"):
        return None
    try:
        place = account if order.account else choose_account(provider, "")
        return look(provider, place, order.model, method)
    except DeployerError as error:
        return replace(printed(account.provider, order.model), unknown=error.message)


def choose_provider(providers: Mapping[str, Provider], name: str, account: str = "") -> Provider:
    """The cloud of that name, else the only one, else the only one with that account. Raises InvalidUsage."""
    known = ", ".join(sorted(providers)) or "none"
    if name and name in providers:
        return providers[name]
    if name:
        raise InvalidUsage(
            f"the cloud {name!r} is not configured (configured: {known})", next_step="run `deployer doctor`"
        )
    if not providers:
        raise InvalidUsage("no cloud is configured", next_step="run `deployer init`, fill in `.env`, then `doctor`")
    if len(providers) > 1:
        if (sole := _sole_with(providers, account)) is not None:
            return sole
        raise InvalidUsage(f"several clouds are configured: {known}", next_step="choose one with --provider")
    return next(iter(providers.values()))


def _sole_with(providers: Mapping[str, Provider], account: str) -> Provider | None:
    """The only cloud that has an account of that name; None while another may have one that is unseen."""
    if not account:
        return None
    try:
        readings = {name: provider.inventory.observe() for name, provider in providers.items()}
    except CloudError:
        return None
    having = [name for name, seen in readings.items() if any(account.lower() in _names(one) for one in seen.accounts)]
    whole = all(seen.complete for name, seen in readings.items() if name not in having)
    return providers[having[0]] if whole and len(having) == 1 else None


def choose_account(provider: Provider, name: str, seen: InventoryReading | None = None) -> Account:
    """The account of that name, or the only one. Raises InvalidUsage, NotFound, or CloudError when it may be unseen.

    `seen` is what the cloud showed a moment ago.
    """
    reading = seen or provider.inventory.observe()
    found = [account for account in reading.accounts if not name or name.lower() in _names(account)]
    if len(found) == 1 and (name or reading.complete):
        return found[0]
    known = ", ".join(sorted(account.name for account in reading.accounts))
    if len(found) > 1:
        raise InvalidUsage(f"several accounts of {provider.name}: {known}", next_step="choose one with --account")
    if not reading.complete:
        causes = "; ".join(str(gap) for gap in reading.gaps)
        message = f"cannot tell which account of {provider.name} is meant (seen: {known or 'none'}): {causes}"
        raise CloudError(message, next_step="`deployer doctor` says what is missing")
    if not reading.accounts:
        raise NotFound(f"no account of {provider.name} was found", next_step="`deployer doctor` says what is seen")
    raise InvalidUsage(f"{provider.name} has no account {name!r}", next_step=f"it has {known}")


def account_of(provider: Provider, act: Act, seen: InventoryReading | None = None) -> Account:
    """Where an act was: by the vendor's id, for its name may be another's by now; by name where it moved since."""
    name = str(act.body.get("account", ""))
    try:
        return choose_account(provider, str(act.body.get("account_id") or name), seen)
    except InvalidUsage:
        return choose_account(provider, name, seen)


def _names(account: Account) -> set[str]:
    return {account.name.lower(), account.resource_id.lower()}
