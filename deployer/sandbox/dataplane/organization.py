"""OpenAI's organisation API for administrators: projects and their caps."""

from typing import Any

from deployer.sandbox.dataplane import report
from deployer.sandbox.dataplane.alert import Alerts
from deployer.sandbox.dataplane.dialect import unix
from deployer.sandbox.dataplane.error import ApiError, openai_error, raising
from deployer.sandbox.dataplane.member import Members, ProjectHandler
from deployer.sandbox.dataplane.page import answer_page
from deployer.sandbox.dataplane.parameter import read_amount, required
from deployer.sandbox.dataplane.permission import Permissions
from deployer.sandbox.dataplane.project import Project, RateLimit, Tenant
from deployer.sandbox.wire import Handler, Request, Response, Route
from deployer.sandbox.world import World

_ORGANIZATION = "/v1/organization"
_PROJECT = f"{_ORGANIZATION}/projects/{{project}}"


def routes(world: World, tenant: Tenant) -> list[Route]:
    service = Organization(world, tenant)
    reports = report.Reports(world, tenant)
    table: list[tuple[str, str, str, Handler]] = [
        ("GET", f"{_ORGANIZATION}/projects", "projects.list", service.list_projects),
        ("POST", f"{_ORGANIZATION}/projects", "projects.create", service.create_project),
        *(("GET", f"{_ORGANIZATION}/usage/{kind}", f"usage.{kind}", reports.unused) for kind in report.UNUSED),
        ("GET", f"{_ORGANIZATION}/usage/completions", "usage.completions", reports.completions),
        ("GET", f"{_ORGANIZATION}/costs", "costs", reports.costs),
        ("GET", f"{_ORGANIZATION}/spend_limit", "organization.spend_limit.get", service.get_organization_limit),
        ("POST", f"{_ORGANIZATION}/spend_limit", "organization.spend_limit.set", service.set_organization_limit),
        ("DELETE", f"{_ORGANIZATION}/spend_limit", "organization.spend_limit.delete", service.drop_organization_limit),
    ]
    by_project: list[tuple[str, str, str, ProjectHandler]] = [
        ("GET", _PROJECT, "projects.get", service.get_project),
        ("POST", _PROJECT, "projects.update", service.update_project),
        ("POST", f"{_PROJECT}/archive", "projects.archive", service.archive_project),
        ("GET", f"{_PROJECT}/spend_limit", "spend_limit.get", service.get_limit),
        ("POST", f"{_PROJECT}/spend_limit", "spend_limit.set", service.set_limit),
        ("DELETE", f"{_PROJECT}/spend_limit", "spend_limit.delete", service.drop_limit),
        ("GET", f"{_PROJECT}/rate_limits", "rate_limits.list", service.list_rates),
        ("POST", f"{_PROJECT}/rate_limits/{{limit}}", "rate_limits.update", service.update_rate),
        ("GET", f"{_PROJECT}/model_permissions", "model_permissions.get", service.get_permissions),
        ("POST", f"{_PROJECT}/model_permissions", "model_permissions.set", service.set_permissions),
        ("DELETE", f"{_PROJECT}/model_permissions", "model_permissions.delete", service.drop_permissions),
    ]
    table += Alerts(world, "organization", lambda request: tenant.alerts).routes(
        _ORGANIZATION, "organization.spend_alerts"
    )
    table += Alerts(world, "project", lambda request: service.project(request).alerts).routes(_PROJECT, "spend_alerts")
    table += Permissions(world).routes()
    table += Members(world, tenant, service.of_project).routes()
    table += [(method, pattern, name, service.of_project(handler)) for method, pattern, name, handler in by_project]
    return [
        Route(method, pattern, f"openai.{name}", service.for_admins(handler))
        for method, pattern, name, handler in table
    ]


class Organization:
    """Handlers over one organisation."""

    def __init__(self, world: World, tenant: Tenant) -> None:
        self._world, self._tenant = world, tenant

    def for_admins(self, handler: Handler) -> Handler:
        def handle(request: Request) -> Response:
            self._tenant.require_admin(request)
            return handler(request)

        return raising(handle, _bad)

    def of_project(self, handler: ProjectHandler) -> Handler:
        """`handler` with the project that the path names."""

        return lambda request: handler(request, self.project(request))

    def project(self, request: Request) -> Project:
        """Raises ApiError when the path names none."""
        project = self._tenant.projects.get(request.params["project"])
        if project is None:
            message = f"No project found with id '{request.params['project']}'."
            raise openai_error(404, message, code="not_found", param="project_id")
        return project

    # --- projects -----------------------------------------------------------------------------

    def list_projects(self, request: Request) -> Response:
        archived = request.query("include_archived") == "true"
        wanted = [p for p in self._tenant.projects.values() if archived or not p.archived]
        return answer_page(request, [_write_project(project) for project in wanted], settings=self._world.settings)

    def create_project(self, request: Request) -> Response:
        name = required(request.json(), "name", str)
        project_id = f"proj_{self._world.naming.hex('project', 24)}"
        return Response.json(_write_project(self._tenant.add_project(project_id, name)))

    def get_project(self, request: Request, project: Project) -> Response:
        return Response.json(_write_project(project))

    def update_project(self, request: Request, project: Project) -> Response:
        project.name = required(request.json(), "name", str)
        return Response.json(_write_project(project))

    def archive_project(self, request: Request, project: Project) -> Response:
        project.archived = self._world.now()
        return Response.json(_write_project(project))

    # --- hard limits --------------------------------------------------------------------------

    def get_limit(self, request: Request, project: Project) -> Response:
        if project.spend_limit is None:
            raise _no_limit("project")
        return Response.json(_write_limit("project", project.spend_limit, self._tenant.is_enforcing(project)))

    def set_limit(self, request: Request, project: Project) -> Response:
        project.spend_limit = read_amount(request.json())
        return self.get_limit(request, project)

    def drop_limit(self, request: Request, project: Project) -> Response:
        if project.spend_limit is None:
            raise _no_limit("project")
        project.spend_limit = None
        return Response.json({"object": "project.spend_limit.deleted", "deleted": True})

    def get_organization_limit(self, request: Request) -> Response:
        limit = self._tenant.spend_limit
        if limit is None:
            raise _no_limit("organization")
        return Response.json(_write_limit("organization", limit, self._tenant.month_spend(None) >= limit))

    def set_organization_limit(self, request: Request) -> Response:
        self._tenant.spend_limit = read_amount(request.json())
        return self.get_organization_limit(request)

    def drop_organization_limit(self, request: Request) -> Response:
        if self._tenant.spend_limit is None:
            raise _no_limit("organization")
        self._tenant.spend_limit = None
        return Response.json({"object": "organization.spend_limit.deleted", "deleted": True})

    # --- rates and permissions ----------------------------------------------------------------

    def list_rates(self, request: Request, project: Project) -> Response:
        rows = [_write_rate(limit) for limit in project.rate_limits.values()]
        return answer_page(request, rows, default=100, settings=self._world.settings)

    def update_rate(self, request: Request, project: Project) -> Response:
        limit = project.rate_limits.get(request.params["limit"])
        if limit is None:
            raise openai_error(404, f"No rate limit found with id '{request.params['limit']}'.", code="not_found")
        given = {name: value for name, value in request.json().items() if isinstance(value, int) and value >= 0}
        limit.limits.update(given)
        limit.changed = True
        return Response.json(_write_rate(limit))

    def get_permissions(self, request: Request, project: Project) -> Response:
        mode, models = project.permissions or ("deny_list", ())
        content = {"object": "project.model_permissions", "mode": mode, "model_ids": list(models)}
        return Response.json(content)

    def set_permissions(self, request: Request, project: Project) -> Response:
        body = request.json()
        mode, models = required(body, "mode", str), required(body, "model_ids", list)
        if mode not in {"allow_list", "deny_list"}:
            raise openai_error(400, f"Invalid value: '{mode}'.", param="mode")
        project.permissions = (mode, tuple(map(str, models)))
        return self.get_permissions(request, project)

    def drop_permissions(self, request: Request, project: Project) -> Response:
        project.permissions = None
        return Response.json({"object": "project.model_permissions.deleted", "deleted": True})


def _write_project(project: Project) -> dict[str, Any]:
    return {
        "object": "organization.project",
        "id": project.id,
        "name": project.name,
        "created_at": unix(project.created),
        "archived_at": unix(project.archived) if project.archived else None,
        "status": "archived" if project.archived else "active",
    }


def _write_limit(owner: str, cents: int, enforcing: bool) -> dict[str, Any]:
    return {
        "object": f"{owner}.spend_limit",
        "threshold_amount": cents,
        "currency": "USD",
        "interval": "month",
        "enforcement": {"status": "enforcing" if enforcing else "inactive"},
    }


def _write_rate(limit: RateLimit) -> dict[str, Any]:
    return {"object": "project.rate_limit", "id": limit.id, "model": limit.model, **limit.limits}


def _no_limit(owner: str) -> ApiError:
    return openai_error(404, f"No spend limit is configured for this {owner}.", code="not_found")


def _bad(message: str) -> ApiError:
    return openai_error(400, message)
