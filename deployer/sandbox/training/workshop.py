"""Files, jobs and fine-tuned models of one vendor, as they are now.

Jobs move with virtual time alone. What must happen at their end (the charge, the result file,
the model that can be deployed) happens when the world settles, dated at the true instant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from deployer.sandbox.training.example import BadData, Example, parse_examples, require_enough
from deployer.sandbox.training.file import FileStore, StoredFile, Upload
from deployer.sandbox.training.fit import FittedModel, Recipe
from deployer.sandbox.training.grader import graded_fields
from deployer.sandbox.training.job import Job
from deployer.sandbox.training.order import BadOrder, JobOrder, decide
from deployer.sandbox.training.schedule import Phase, Schedule, training_time
from deployer.sandbox.world import TrainingCharge, World

COMPLETION_MODELS = {"davinci-002", "babbage-002"}
"""They learn pairs of prompt and completion, not chats."""

METHODS_OF_CHATS = ("supervised", "dpo")
METHODS_OF_REASONING = ("reinforcement",)
METHODS_OF_OTHERS = ("supervised",)
"""By which methods a base model is trained: one that chats, one that reasons, and the others."""

_SHORTEST_QUEUE, _LONGEST_QUEUE = 180.0, 600.0


class WrongState(Exception):
    """A job cannot be cancelled, paused or resumed now."""

    def __init__(self, job: Job, act: str, phase: Phase) -> None:
        super().__init__(f"cannot {act} {job.id} while it is {phase.value}")
        self.job, self.act, self.phase = job, act, phase


@dataclass(frozen=True)
class BaseName:
    """A base model: its name, its version, and both as the vendor writes them together."""

    name: str
    version: str
    full: str


@dataclass(frozen=True)
class Vendor:
    """What differs between the clouds. `base` raises BadOrder for a model that cannot be tuned so at that instant.

    Of reinforcement: `affords` is how long the vendor lets a base model be trained on a tier in a region until it
    pauses the job by itself; `validates` whether it wants validation data.
    """

    provider: str
    auto_rate: float
    result_name: str
    base: Callable[[str, datetime, str], BaseName]
    tuned_name: Callable[[BaseName, str, str], str]
    billed: Callable[[int], int]
    tier: Callable[[str], str]
    write_results: Callable[[Job], bytes]
    is_ready: Callable[[StoredFile, datetime], bool]
    affords: Callable[[str, str, str], timedelta] | None = None
    validates: bool = False


class Workshop:
    """The training side of one vendor in one world."""

    def __init__(self, world: World, vendor: Vendor) -> None:
        self.files = FileStore()
        self.jobs: dict[str, Job] = {}
        self._world, self._vendor = world, vendor
        self._open: list[Job] = []
        self._unpublished: list[tuple[datetime, Job]] = []
        self._models: dict[tuple[str, str], tuple[Job, int]] = {}
        world.on_time(self.settle)

    # --- files --------------------------------------------------------------------------------

    def upload(self, owner: str, upload: Upload) -> StoredFile:
        purpose = upload.fields.get("purpose", "fine-tune")
        content = upload.content
        file_id = f"file-{self._world.naming.hex('file')}"
        now = self._world.now()
        file = StoredFile(file_id, owner, upload.filename, purpose, now, lambda: content)
        seconds = upload.fields.get("expires_after[seconds]", "")
        file.expires_at = now + timedelta(seconds=int(seconds)) if seconds.isdigit() else None
        return self.files.add(file)

    # --- jobs ---------------------------------------------------------------------------------

    def create(self, owner: str, order: JobOrder) -> Job:
        """Accept a job; bad data shows only once it has been validated. Raises BadOrder."""
        now = self._world.now()
        base = self._vendor.base(order.model, now, order.method)
        if order.method == "reinforcement" and self._vendor.validates and not order.validation_file:
            raise BadOrder("A validation file is required for reinforcement fine-tuning.", "validation_file")
        training, fault = self._read(owner, order, base, "training_file")
        validation, bad = self._read(owner, order, base, "validation_file")
        job = self._build(owner, order, base, (training, validation), fault or require_enough(training) or bad)
        job.fault_param = "validation_file" if job.fault is bad else "training_file"
        self.jobs[job.id] = job
        self._open.append(job)
        return job

    def find(self, owner: str, job_id: str) -> Job | None:
        job = self.jobs.get(job_id)
        return job if job is not None and job.owner == owner else None

    def of(self, owner: str) -> list[Job]:
        """Jobs of an owner, newest first."""
        return [job for job in reversed(self.jobs.values()) if job.owner == owner]

    def cancel(self, job: Job) -> None:
        """Stop a job that has not ended. Raises WrongState."""
        self._require(job, "cancel", lambda phase: not phase.ended)
        job.schedule.cancelled = self._world.now()
        self.settle(self._world.now())

    def pause(self, job: Job) -> None:
        """Raises WrongState."""
        self._require(job, "pause", lambda phase: phase is Phase.RUNNING)
        job.schedule.pause(self._world.now())

    def resume(self, job: Job) -> None:
        """Raises WrongState."""
        self._require(job, "resume", lambda phase: phase in {Phase.PAUSED, Phase.PAUSING})
        job.schedule.resume(self._world.now())

    # --- models -------------------------------------------------------------------------------

    def model(self, owner: str, name: str) -> FittedModel | None:
        """A fine-tuned model or checkpoint by its name; trained when first asked."""
        found = self._models.get((owner, name.lower()))
        if found is None:
            return None
        job, step = found
        return job.fit.checkpoints[step]

    def models_of(self, owner: str) -> list[tuple[str, Job]]:
        """The names of finished models (not checkpoints) with their jobs."""
        return [(job.model_name, job) for job in self.jobs.values() if (owner, job.model_name.lower()) in self._models]

    def forget_model(self, owner: str, name: str) -> bool:
        """Destroy a model for good; False when there was none."""
        return self._models.pop((owner, name.lower()), None) is not None

    # --- time ---------------------------------------------------------------------------------

    def settle(self, now: datetime) -> None:
        """End what has ended by now."""
        self.files.drop_expired(now)
        for job in [item for item in self._open if item.phase(now).ended]:
            self._open.remove(job)
            self._close(job, job.schedule.ends() or now)
        for due, job in [item for item in self._unpublished if item[0] <= now]:
            self._unpublished.remove((due, job))
            self._publish(job, due)

    def _close(self, job: Job, at: datetime) -> None:
        job.settled = True
        by_hour = job.order.method == "reinforcement"
        quantity = job.billed_hours(at) if by_hour else Decimal(self._vendor.billed(job.billed_tokens(at)))
        if quantity:
            self._charge(job, quantity, at)
        if job.phase(at) is Phase.SUCCEEDED:
            self._announce(job, at)
            self.files.add(self._result(job, at))

    def _charge(self, job: Job, quantity: Decimal, at: datetime) -> None:
        self._world.charge_training(
            TrainingCharge(
                provider=self._vendor.provider,
                account=job.owner,
                job=job.id,
                model=self._base(job).name,
                quantity=quantity,
                at=at,
                tier=self._vendor.tier(job.order.training_type),
                meter="training-hours" if job.order.method == "reinforcement" else "training",
                start=job.schedule.started,
            )
        )

    def _base(self, job: Job) -> BaseName:
        return self._vendor.base(job.order.model, job.schedule.created, job.order.method)

    def _announce(self, job: Job, at: datetime) -> None:
        """The model is named by its job at once, and found by its name a little later."""
        self._unpublished.append((at + timedelta(seconds=self._world.settings.model_ready_seconds), job))
        if self._vendor.provider == "azure":
            for step in job.checkpoints(at):
                self._world.announce_model(job.owner, job.name_at(step))

    def _publish(self, job: Job, at: datetime) -> None:
        base = self._base(job)
        for step in job.checkpoints(at):
            name = job.name_at(step)
            self._models[job.owner, name.lower()] = (job, step)
            if self._vendor.provider == "azure":
                self._world.publish_model(job.owner, name, base.name, base.version)

    def _result(self, job: Job, at: datetime) -> StoredFile:
        def load() -> bytes:
            return self._vendor.write_results(job)

        return StoredFile(
            job.result_file, job.owner, self._vendor.result_name, "fine-tune-results", at, load, produced=True
        )

    # --- making a job -------------------------------------------------------------------------

    def _read(
        self, owner: str, order: JobOrder, base: BaseName, param: str
    ) -> tuple[tuple[Example, ...], BadData | None]:
        file_id = order.training_file if param == "training_file" else order.validation_file
        if not file_id:
            return (), None
        file = self.files.find(owner, file_id)
        if file is None:
            raise BadOrder(f"invalid {param}: {file_id}", param)
        if not self._vendor.is_ready(file, self._world.now()):
            raise BadOrder(
                f"File '{file_id}' is still being processed and is not ready to be used for fine-tuning. "
                "Please try again later.",
                param,
            )
        pairs, graded = base.name in COMPLETION_MODELS, graded_fields(order.grader)
        parsed = parse_examples(file.content, order.method, pairs=pairs, graded=graded)
        return ((), parsed) if isinstance(parsed, BadData) else (parsed, None)

    def _build(
        self,
        owner: str,
        order: JobOrder,
        base: BaseName,
        data: tuple[tuple[Example, ...], tuple[Example, ...]],
        fault: BadData | None,
    ) -> Job:
        naming = self._world.naming
        token = naming.hex("job")
        seed = order.seed if order.seed is not None else int(token[:7], 16)
        recipe = decide(order.wanted, len(data[0]), self._vendor.auto_rate, seed)
        schedule = self._plan(token, data[0], recipe, fault is not None)
        if order.method == "reinforcement":
            self._bound(schedule, owner, order, base)
        return Job(
            id=f"ftjob-{token}",
            owner=owner,
            order=order,
            seed=seed,
            training=data[0],
            validation=data[1],
            recipe=recipe,
            schedule=schedule,
            model_name=self._vendor.tuned_name(base, token, order.suffix),
            result_file=f"file-{naming.hex('file')}",
            fault=fault,
        )

    def _plan(self, token: str, training: tuple[Example, ...], recipe: Recipe, fails: bool) -> Schedule:
        queueing = _SHORTEST_QUEUE + self._world.naming.fraction(token) * (_LONGEST_QUEUE - _SHORTEST_QUEUE)
        return Schedule(
            created=self._world.now(),
            queueing=timedelta(seconds=int(queueing)),
            training=training_time(sum(example.tokens for example in training) * recipe.epochs),
            fails=fails,
        )

    def _bound(self, schedule: Schedule, owner: str, order: JobOrder, base: BaseName) -> None:
        """Reinforcement takes hours, and is paused by the vendor when it has cost as much as the vendor allows."""
        schedule.training = timedelta(hours=self._world.settings.reinforcement_hours)
        account = self._world.cloud.account(owner)
        if self._vendor.affords is None or account is None:
            return
        affordable = self._vendor.affords(base.name, self._vendor.tier(order.training_type), account.region)
        schedule.pause_after(affordable / schedule.training)

    def _require(self, job: Job, act: str, allowed: Callable[[Phase], bool]) -> None:
        phase = job.phase(self._world.now())
        if not allowed(phase):
            raise WrongState(job, act, phase)
