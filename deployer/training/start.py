"""Start a fine-tune: checked data, dates, budget, journal, upload, job, in this order.

The intent is written before anything is sent, and the job carries its marker in the vendor's
metadata. So a process that dies between the call and the record leaves a job that the next
start finds and takes over, instead of paying for a second one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

from deployer.domain.act import Act, ActKind, Phase
from deployer.domain.job import Job, JobSpec
from deployer.domain.model import base_model
from deployer.domain.money import Money
from deployer.domain.subject import Subject, SubjectKind
from deployer.errors import CloudError, DeployerError, Refused
from deployer.guard.context import GuardContext
from deployer.guard.gate import Pass, gate, settle
from deployer.guard.lock import exclusive
from deployer.guard.residence import keep_residency
from deployer.training.estimate import Estimate, offer
from deployer.training.limit import MAX_HOURS
from deployer.training.order import Order, Quote, quote
from deployer.training.outcome import subject_key
from deployer.training.recovery import (
    CREATING,
    MARKER,
    adopt,
    discard_files,
    find_marked,
    lock_name,
    recover_starts,
)
from deployer.training.room import check_job_room
from deployer.training.tier import price_tier

Say = Callable[[str], None]


@dataclass(frozen=True)
class Started:
    """A job that runs; `found` when an earlier start, which was cut off, had created it."""

    job: Job
    quote: Quote
    act_id: int
    found: bool = False
    warnings: tuple[str, ...] = ()


def start(
    context: GuardContext, order: Order, *, who: str, over_budget: str = "", say: Say = lambda _: None
) -> Started:
    """Start one job. Raises InvalidFile (data), Refused (dates, budget; nothing was sent) or CloudError."""
    say(f"checking {order.training.name}")
    quoted = quote(context, order)
    if reason := quoted.estimate.obstacle:
        raise Refused(f"not started: {reason}", next_step=offer(quoted.estimate))
    recover_starts(context)
    with exclusive(context, lock_name(quoted.fingerprint)) as hold:
        if hold is None:
            raise Refused("the same job is being started by another process", next_step="`deployer finetune list`")
        if taken := _left_behind(context, quoted):
            return taken
        return _start(context, quoted, who, over_budget, say)


def _left_behind(context: GuardContext, quoted: Quote) -> Started | None:
    """The job of an earlier start of the same order that was cut off before it could say so."""
    for act in context.ledger.journal.unfinished():
        if act.kind is not ActKind.START_JOB or act.body.get("fingerprint") != quoted.fingerprint:
            continue
        job = adopt(context, quoted.provider, quoted.account, act, patient=True)
        if job is not None and not job.ended:
            warning = f"job {job.id} of the same order runs already: it was taken up, no second one was created"
            return Started(job, quoted, act.id, found=True, warnings=(warning,))
    return None


def _start(context: GuardContext, quoted: Quote, who: str, over_budget: str, say: Say) -> Started:
    marker = uuid.uuid4().hex
    subject = _subject(context, quoted, marker)
    keep_residency(context, subject, quoted.estimate.place.tier)
    _require_bound(quoted.estimate, over_budget)
    told = check_job_room(quoted.provider, quoted.account, quoted.order.files, quoted.estimate.place.tier)
    passed = gate(context, subject, quoted.estimate.ceiling, what="this job", override=over_budget)
    act = _intend(context, quoted, marker, who, over_budget, passed)
    try:
        spec = _upload(quoted, marker, say)
        say(f"creating the job in {quoted.account.name}")
        _note(context, act, CREATING)
        job = _create(context, quoted, act, spec)
    except CloudError as error:
        if not error.maybe_done:
            _withdraw(context, quoted, act, passed, error)
        raise
    except DeployerError as error:
        _withdraw(context, quoted, act, passed, error)
        raise
    context.ledger.journal.step(act.id, Phase.CALLED, context.clock.now(), job.id)
    return Started(job, quoted, act.id, warnings=(*quoted.estimate.warnings, *told, *passed.warnings))


def _require_bound(found: Estimate, over_budget: str) -> None:
    """Hours that nothing limits cannot be held against a budget. Raises Refused."""
    if found.method != "reinforcement" or isinstance(found.ceiling, Money) or over_budget:
        return
    steps = ["--over-budget REASON goes on without a bound"]
    if found.chosen.rate is not None and "limits" in found.ceiling.what:
        steps.insert(0, "--max-hours N pauses it after N hours of training")
    raise Refused(f"not started: {found.ceiling}, which is not free", next_step="; ".join(steps))


def _create(context: GuardContext, quoted: Quote, act: Act, spec: JobSpec) -> Job:
    """Create the job; when the answer was lost, look whether it exists before calling it lost."""
    training = quoted.provider.training
    try:
        return training.start(quoted.account, spec)
    except CloudError as error:
        if not error.maybe_done:
            raise
        lost = error
    try:
        found = find_marked(training.jobs(quoted.account), spec.metadata[MARKER])
    except CloudError:
        found = None
    if found is None:
        _note(context, act, f"the answer was lost and no job is to be seen: {lost.message}")
        lost.next_step = "start again: a job that was created after all is found and taken up"
        raise lost
    return found


def _intend(context: GuardContext, quoted: Quote, marker: str, who: str, over_budget: str, passed: Pass) -> Act:
    order, estimate = quoted.order, quoted.estimate
    reason = f"fine-tune {order.model} on {order.training.name}"
    if over_budget:
        reason += f", over budget because: {over_budget}"
    return context.ledger.journal.intend(
        kind=ActKind.START_JOB,
        subject=subject_key(quoted.provider.name, marker),
        instance="",
        who=who,
        reason=reason,
        body={
            "fingerprint": quoted.fingerprint,
            "marker": marker,
            "provider": quoted.provider.name,
            "account": quoted.account.name,
            "account_id": quoted.account.resource_id,
            "model": order.model,
            "training": str(order.training),
            "validation": str(order.validation or ""),
            "suffix": order.suffix,
            "epochs": quoted.hyperparameters.epochs,
            "batch_size": quoted.hyperparameters.batch_size,
            "learning_rate_multiplier": str(quoted.hyperparameters.learning_rate_multiplier or ""),
            "tier": estimate.place.tier,
            "expected_tokens": estimate.trained_tokens,
            "method": estimate.method,
            MAX_HOURS: str(order.max_hours or ""),
        },
        numbers={"estimate": str(estimate.chosen), "held": str(estimate.ceiling), **passed.numbers},
        at=context.clock.now(),
    )


def _upload(quoted: Quote, marker: str, say: Say) -> JobSpec:
    order, training = quoted.order, quoted.provider.training
    say(f"uploading {order.training.name}")
    training_file = training.upload(quoted.account, order.training, marker)
    validation_file = ""
    if order.validation is not None:
        say(f"uploading {order.validation.name}")
        validation_file = training.upload(quoted.account, order.validation, marker)
    return JobSpec(
        account=quoted.account.name,
        model=order.model,
        training_file=training_file,
        validation_file=validation_file,
        suffix=order.suffix,
        seed=order.seed,
        hyperparameters=quoted.hyperparameters,
        training_tier=quoted.estimate.place.tier,
        metadata={MARKER: marker},
        method=quoted.report.method,
        grader=quoted.grader.document if quoted.grader else None,
    )


def _subject(context: GuardContext, quoted: Quote, marker: str) -> Subject:
    """The job as policies see it before it exists."""
    account, order = quoted.account, quoted.order
    return Subject(
        kind=SubjectKind.JOB,
        key=subject_key(quoted.provider.name, marker),
        provider=quoted.provider.name,
        account=account.name,
        name=order.suffix or order.training.stem,
        model=order.model,
        base_model=base_model(order.model),
        fine_tuned=True,
        managed=True,
        tags=account.tags,
        region=account.region,
        tier=price_tier(quoted.estimate.place.tier),
        created_at=context.clock.now(),
    )


def _withdraw(context: GuardContext, quoted: Quote, act: Act, passed: Pass, error: DeployerError) -> None:
    settle(context, passed, context.clock.now(), "the job was not started")
    files = discard_files(quoted.provider, quoted.account, str(act.body["marker"]))
    context.ledger.journal.step(
        act.id, Phase.FAILED, context.clock.now(), f"nothing was started: {error.message}{files}"
    )


def _note(context: GuardContext, act: Act, detail: str) -> None:
    context.ledger.journal.step(act.id, Phase.INTENT, context.clock.now(), detail)
