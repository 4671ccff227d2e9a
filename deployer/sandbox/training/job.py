"""One fine-tune: what was asked, what became of it by now, and what it is billed."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from deployer.sandbox.training.example import BadData, Example
from deployer.sandbox.training.fit import Fit, FittedModel, Recipe, Step, count_steps, fit
from deployer.sandbox.training.order import JobOrder
from deployer.sandbox.training.schedule import Phase, Schedule

_KEPT = 3


@dataclass(eq=False)
class Job:
    """A job of one owner. `fault` says why the data cannot be trained on; then `schedule` fails."""

    id: str
    owner: str
    order: JobOrder
    seed: int
    training: tuple[Example, ...]
    validation: tuple[Example, ...]
    recipe: Recipe
    schedule: Schedule
    model_name: str
    result_file: str
    fault: BadData | None = None
    fault_param: str = "training_file"
    settled: bool = False

    @cached_property
    def fit(self) -> Fit:
        """The whole run; trained when first looked at, the same numbers whenever that is."""
        return fit(self.training, self.validation, self.recipe)

    @property
    def tokens(self) -> int:
        """Tokens of all epochs. Validation is not charged."""
        return sum(example.tokens for example in self.training) * self.recipe.epochs

    @property
    def total_steps(self) -> int:
        return count_steps(len(self.training), self.recipe)

    def phase(self, now: datetime) -> Phase:
        return self.schedule.phase(now)

    def steps_done(self, now: datetime) -> int:
        return int(self.schedule.work(now) * self.total_steps + 1e-9)

    def steps(self, now: datetime) -> tuple[Step, ...]:
        """What was done by now, without training before there is something to show."""
        done = self.steps_done(now)
        return self.fit.steps[:done] if done else ()

    def step_instant(self, number: int) -> datetime:
        """When a step was done; asked only of steps that were."""
        at = self.schedule.instant(number / self.total_steps)
        return at if at is not None else self.schedule.pauses[-1][0]

    def checkpoints(self, now: datetime) -> dict[int, FittedModel]:
        """Finished epochs' models by step, the last three."""
        done = self.steps_done(now)
        made = [step for step in self.fit.checkpoints if step <= done] if done else []
        return {step: self.fit.checkpoints[step] for step in made[-_KEPT:]}

    def name_at(self, step: int) -> str:
        """What the model of a finished epoch is called; the last one is the model itself."""
        return self.model_name if step == self.total_steps else f"{self.model_name}:ckpt-step-{step}"

    def billed_tokens(self, now: datetime) -> int:
        """The work done: all of it on success, nothing for a failed job or one cancelled before training."""
        phase = self.phase(now)
        if phase is Phase.SUCCEEDED:
            return self.tokens
        return int(self.tokens * self.schedule.work(now)) if phase is Phase.CANCELLED else 0

    def billed_hours(self, now: datetime) -> Decimal:
        """Reinforcement is billed by the hour of training, to the hundredth; a failed job by none."""
        hours = 0.0 if self.schedule.fails else self.schedule.work(now) * self.schedule.training.total_seconds() / 3600
        return Decimal(str(round(hours, 2)))
