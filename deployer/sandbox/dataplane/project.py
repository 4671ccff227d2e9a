"""OpenAI's organisation: its projects, their keys, and the caps that really refuse calls."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from deployer.sandbox.charge import Line, openai_charges, training_line
from deployer.sandbox.clock import seconds_of
from deployer.sandbox.dataplane.error import ApiError, openai_error
from deployer.sandbox.dataplane.openai_catalog import OFFERED
from deployer.sandbox.wire import Request
from deployer.sandbox.world import World

FIRST_PROJECT = "proj_default"
_REQUESTS, _TOKENS = "max_requests_per_1_minute", "max_tokens_per_1_minute"


@dataclass
class RateLimit:
    """What a project may do with a model in a minute; enforced once somebody has changed it."""

    id: str
    model: str
    limits: dict[str, int] = field(default_factory=lambda: {_REQUESTS: 10_000, _TOKENS: 10_000_000})
    changed: bool = False


@dataclass
class Project:
    """One project with its caps. Spend limits are in cents a month."""

    id: str
    name: str
    created: datetime
    archived: datetime | None = None
    spend_limit: int | None = None
    permissions: tuple[str, tuple[str, ...]] | None = None
    alerts: dict[str, dict[str, Any]] = field(default_factory=dict)
    rate_limits: dict[str, RateLimit] = field(default_factory=dict)


class Tenant:
    """The organisation: it knows its keys and refuses what its caps forbid."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.spend_limit: int | None = None
        self.alerts: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, str] = {}  # more keys, each with the one project that it is good for
        self.admin_keys: set[str] = set()
        self.spellings: dict[str, str] = {}  # a model's name as it was written, by its name in lower case
        self.projects: dict[str, Project] = {}
        self.add_project(FIRST_PROJECT, "Default project")

    def add_project(self, project_id: str, name: str) -> Project:
        limits = {f"rl-{model.id}": RateLimit(f"rl-{model.id}", model.id) for model in OFFERED}
        project = Project(project_id, name, self._world.now(), rate_limits=limits)
        self.projects[project_id] = project
        return project

    # --- who calls ----------------------------------------------------------------------------

    def caller(self, request: Request) -> Project:
        """The project of a key; `OpenAI-Project` names another one of the same key. Raises ApiError."""
        key = _key(request)
        if key != self._world.credentials.openai_key and key not in self.keys:
            raise wrong_key(key)
        own = self.keys.get(key, FIRST_PROJECT)
        project = self.projects.get(request.header("openai-project", own))
        if project is None or project.archived:
            raise openai_error(401, "No such project, or it has been archived.", code="invalid_project")
        bound = self._world.settings.project_keys or key in self.keys
        if bound and project.id != own:
            message = "OpenAI-Project header should match project for API key."
            raise openai_error(401, message, code="mismatched_project")
        return project

    def require_admin(self, request: Request) -> None:
        """Raises ApiError unless an admin key is shown."""
        key = _key(request)
        if key == self._world.credentials.openai_key or key in self.keys:
            message = "You have insufficient permissions for this operation. Missing scopes: api.management.read."
            raise openai_error(403, message, code="insufficient_permissions")
        if key != self._world.credentials.admin_key and key not in self.admin_keys:
            raise wrong_key(key)

    # --- caps ---------------------------------------------------------------------------------

    def require_allowed(self, project: Project, names: set[str]) -> None:
        """Model permissions, an allow list or a deny list; `names` are all of one model. Raises ApiError."""
        if project.permissions is None:
            return
        mode, models = project.permissions
        if bool(names & set(models)) == (mode == "deny_list"):
            message = f"Project `{project.id}` does not have access to model `{min(names)}`"
            raise openai_error(403, message, code="model_not_found")

    def require_room(self, project: Project, model: str) -> None:
        """Spend limits and changed rate limits. Raises ApiError."""
        if self.is_enforcing(project):
            message = "This project has reached its monthly spend limit. Raise the limit or wait for the next month."
            raise openai_error(429, message, code="project_spend_limit_exceeded", kind="insufficient_quota")
        if self.spend_limit is not None and self.month_spend(None) >= self.spend_limit:
            message = "This organization has reached its monthly spend limit."
            raise openai_error(429, message, code="organization_spend_limit_exceeded", kind="insufficient_quota")
        self._require_rate(project, model)

    def is_enforcing(self, project: Project) -> bool:
        return project.spend_limit is not None and self.month_spend(project.id) >= project.spend_limit

    def month_spend(self, project_id: str | None) -> Decimal:
        """Cents spent since the first of the month (UTC), by one project or by all."""
        now = self._world.now()
        start = now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        lines = openai_lines(self._world, start, now + timedelta(microseconds=1))
        return 100 * sum((line.amount for line in lines if project_id in (None, line.account)), Decimal(0))

    def _require_rate(self, project: Project, model: str) -> None:
        limit = next((item for item in project.rate_limits.values() if item.model == model and item.changed), None)
        if limit is None:
            return
        now = seconds_of(self._world.now())
        used = self._world.usage.series(project.id, model).total(now - 60, now + 1)
        over_requests = used.requests >= limit.limits[_REQUESTS]
        if over_requests or used.input_tokens + used.output_tokens >= limit.limits[_TOKENS]:
            what = "requests" if over_requests else "tokens"
            message = (
                f"Rate limit reached for {model} in project {project.id} on {what} per min. Please try again later."
            )
            raise openai_error(429, message, code="rate_limit_exceeded", kind=what)


def openai_lines(world: World, start: datetime, end: datetime) -> list[Line]:
    """What the organisation was charged in [start, end)."""
    first, last = seconds_of(start), min(seconds_of(end), seconds_of(world.now()))
    lines = list(openai_charges(world, first, last)) if first < last else []
    trained = [charge for charge in world.training if charge.provider == "openai" and start <= charge.at < end]
    return lines + [training_line(world, charge) for charge in trained]


def wrong_key(key: str) -> ApiError:
    """401 as the service words it: it echoes the key's ends."""
    if not key:
        message = (
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer "
            "auth (i.e. Authorization: Bearer YOUR_KEY)."
        )
        return openai_error(401, message)
    shown = f"{key[:8]}{'*' * max(4, len(key) - 12)}{key[-4:]}" if len(key) > 12 else "*" * len(key)
    message = (
        f"Incorrect API key provided: {shown}. You can find your API key at "
        "https://platform.openai.com/account/api-keys."
    )
    return openai_error(401, message, code="invalid_api_key")


def _key(request: Request) -> str:
    scheme, _, key = request.header("authorization").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
