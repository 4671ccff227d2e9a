"""Who belongs to OpenAI's organisation and its projects: the owner, service accounts, and everybody's keys."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deployer.sandbox.dataplane.dialect import unix
from deployer.sandbox.dataplane.error import ApiError, openai_error
from deployer.sandbox.dataplane.page import answer_page
from deployer.sandbox.dataplane.parameter import required
from deployer.sandbox.dataplane.project import FIRST_PROJECT, Project, Tenant
from deployer.sandbox.wire import Handler, Request, Response
from deployer.sandbox.world import World

OWNER = "owner@sandbox.example"
_OWNER_ID = "user-owner"
_ORGANIZATION = "/v1/organization"
_PROJECT = f"{_ORGANIZATION}/projects/{{project}}"
ProjectHandler = Callable[[Request, Project], Response]
Table = list[tuple[str, str, str, Handler]]


@dataclass(frozen=True)
class Key:
    """A key; `account` is the service account that owns it, empty for the owner's own."""

    id: str
    name: str
    value: str
    created: datetime
    account: str = ""

    @property
    def redacted(self) -> str:
        return f"{self.value[:8]}...{self.value[-4:]}"


@dataclass(frozen=True)
class ServiceAccount:
    id: str
    name: str
    created: datetime


class Members:
    """Handlers over one organisation; the keys that it makes are good at once, and no longer than they stand."""

    def __init__(self, world: World, tenant: Tenant, of_project: Callable[[ProjectHandler], Handler]) -> None:
        self._world, self._tenant, self._of_project = world, tenant, of_project
        start, keys = tenant.projects[FIRST_PROJECT].created, world.credentials
        self._keys = {FIRST_PROJECT: {"key_first": Key("key_first", "First key", keys.openai_key, start)}}
        self._admin_keys = {"key_admin": Key("key_admin", "First admin key", keys.admin_key, start)}
        self._accounts: dict[str, dict[str, ServiceAccount]] = {}

    def routes(self) -> Table:
        accounts, keys = f"{_PROJECT}/service_accounts", f"{_PROJECT}/api_keys"
        admin = f"{_ORGANIZATION}/admin_api_keys"
        by_project: list[tuple[str, str, str, ProjectHandler]] = [
            ("GET", f"{_PROJECT}/users", "projects.users.list", self._list_users),
            ("GET", f"{_PROJECT}/users/{{user}}", "projects.users.get", self._get_user),
            ("GET", keys, "projects.keys.list", self._list_keys),
            ("GET", f"{keys}/{{key}}", "projects.keys.get", self._get_key),
            ("DELETE", f"{keys}/{{key}}", "projects.keys.delete", self._delete_key),
            ("GET", accounts, "service_accounts.list", self._list_accounts),
            ("POST", accounts, "service_accounts.create", self._create_account),
            ("GET", f"{accounts}/{{account}}", "service_accounts.get", self._get_account),
            ("DELETE", f"{accounts}/{{account}}", "service_accounts.delete", self._delete_account),
        ]
        table: Table = [
            ("GET", f"{_ORGANIZATION}/users", "users.list", self._organization_users),
            ("GET", f"{_ORGANIZATION}/users/{{user}}", "users.get", self._organization_user),
            ("GET", admin, "admin_keys.list", self._list_admin_keys),
            ("POST", admin, "admin_keys.create", self._create_admin_key),
            ("GET", f"{admin}/{{key}}", "admin_keys.get", self._get_admin_key),
            ("DELETE", f"{admin}/{{key}}", "admin_keys.delete", self._delete_admin_key),
        ]
        return table + [(method, path, name, self._of_project(handler)) for method, path, name, handler in by_project]

    # --- people -------------------------------------------------------------------------------

    def _organization_users(self, request: Request) -> Response:
        """Its owner alone: the sandbox has no other people."""
        return answer_page(request, [self._user("organization.user")])

    def _organization_user(self, request: Request) -> Response:
        return self._one_user(request, "organization.user")

    def _list_users(self, request: Request, project: Project) -> Response:
        return answer_page(request, [self._user("organization.project.user")])

    def _get_user(self, request: Request, project: Project) -> Response:
        return self._one_user(request, "organization.project.user")

    def _one_user(self, request: Request, kind: str) -> Response:
        if request.params["user"] != _OWNER_ID:
            raise missing("user", request.params["user"])
        return Response.json(self._user(kind))

    def _user(self, kind: str) -> dict[str, Any]:
        added = unix(self._tenant.projects[FIRST_PROJECT].created)
        return {"object": kind, "id": _OWNER_ID, "name": "Owner", "email": OWNER, "role": "owner", "added_at": added}

    # --- keys of a project --------------------------------------------------------------------

    def _list_keys(self, request: Request, project: Project) -> Response:
        return answer_page(request, [self._write_key(project, key) for key in self._keys_of(project).values()])

    def _get_key(self, request: Request, project: Project) -> Response:
        return Response.json(self._write_key(project, self._key(request, project)))

    def _delete_key(self, request: Request, project: Project) -> Response:
        key = self._key(request, project)
        if not key.account:
            raise openai_error(400, "The key that the sandbox was started with cannot be deleted.")
        self._forget(project, key)
        return Response.json({"object": "organization.project.api_key.deleted", "id": key.id, "deleted": True})

    def _forget(self, project: Project, key: Key) -> None:
        del self._keys_of(project)[key.id]
        del self._tenant.keys[key.value]

    def _keys_of(self, project: Project) -> dict[str, Key]:
        return self._keys.setdefault(project.id, {})

    def _key(self, request: Request, project: Project) -> Key:
        found = self._keys_of(project).get(request.params["key"])
        if found is None:
            raise missing("API key", request.params["key"])
        return found

    def _write_key(self, project: Project, key: Key) -> dict[str, Any]:
        owner: dict[str, Any] = {"type": "user", "user": self._owner()}
        if key.account:
            account = self._accounts[project.id][key.account]
            shown = {"id": account.id, "name": account.name, "created_at": unix(account.created), "role": "member"}
            owner = {"type": "service_account", "service_account": shown}
        return {**_shown("organization.project.api_key", key), "owner_project_access": "active", "owner": owner}

    def _owner(self) -> dict[str, Any]:
        created = unix(self._tenant.projects[FIRST_PROJECT].created)
        return {"id": _OWNER_ID, "email": OWNER, "name": "Owner", "created_at": created, "role": "owner"}

    # --- service accounts ---------------------------------------------------------------------

    def _list_accounts(self, request: Request, project: Project) -> Response:
        return answer_page(request, [_account(one) for one in self._accounts.get(project.id, {}).values()])

    def _create_account(self, request: Request, project: Project) -> Response:
        """With a key of its own, which is good for this project alone."""
        name, now = required(request.json(), "name", str), self._world.now()
        account = ServiceAccount(f"user-{self._world.naming.hex('service-account', 24)}", name, now)
        self._accounts.setdefault(project.id, {})[account.id] = account
        key = self._make_key("Secret Key", "sk-svcacct-sandbox-", account.id)
        self._keys_of(project)[key.id] = key
        self._tenant.keys[key.value] = project.id
        made = {"object": "organization.project.service_account.api_key", "value": key.value, "name": key.name}
        return Response.json({**_account(account), "api_key": {**made, "created_at": unix(key.created), "id": key.id}})

    def _get_account(self, request: Request, project: Project) -> Response:
        return Response.json(_account(self._account(request, project)))

    def _delete_account(self, request: Request, project: Project) -> Response:
        """Its keys go with it."""
        account = self._account(request, project)
        for key in [key for key in self._keys_of(project).values() if key.account == account.id]:
            self._forget(project, key)
        del self._accounts[project.id][account.id]
        deleted = {"object": "organization.project.service_account.deleted", "id": account.id, "deleted": True}
        return Response.json(deleted)

    def _account(self, request: Request, project: Project) -> ServiceAccount:
        found = self._accounts.get(project.id, {}).get(request.params["account"])
        if found is None:
            raise missing("service account", request.params["account"])
        return found

    def _make_key(self, name: str, prefix: str, account: str = "") -> Key:
        naming = self._world.naming
        return Key(
            f"key_{naming.hex('key', 24)}", name, prefix + naming.hex("key-value", 40), self._world.now(), account
        )

    # --- keys of administrators ---------------------------------------------------------------

    def _list_admin_keys(self, request: Request) -> Response:
        return answer_page(request, [self._write_admin_key(key) for key in self._admin_keys.values()])

    def _create_admin_key(self, request: Request) -> Response:
        """Its value is told this once."""
        key = self._make_key(required(request.json(), "name", str), "sk-admin-sandbox-")
        self._admin_keys[key.id] = key
        self._tenant.admin_keys.add(key.value)
        return Response.json({**self._write_admin_key(key), "value": key.value})

    def _get_admin_key(self, request: Request) -> Response:
        return Response.json(self._write_admin_key(self._admin_key(request)))

    def _delete_admin_key(self, request: Request) -> Response:
        key = self._admin_key(request)
        if key.value == self._world.credentials.admin_key:
            raise openai_error(400, "The key that the sandbox was started with cannot be deleted.")
        self._tenant.admin_keys.discard(key.value)
        del self._admin_keys[key.id]
        return Response.json({"object": "organization.admin_api_key.deleted", "id": key.id, "deleted": True})

    def _admin_key(self, request: Request) -> Key:
        found = self._admin_keys.get(request.params["key"])
        if found is None:
            raise missing("admin API key", request.params["key"])
        return found

    def _write_admin_key(self, key: Key) -> dict[str, Any]:
        owner = {**self._owner(), "type": "user", "object": "organization.user"}
        del owner["email"]
        return {**_shown("organization.admin_api_key", key), "expires_at": None, "owner": owner}


def _shown(kind: str, key: Key) -> dict[str, Any]:
    named = {"object": kind, "id": key.id, "name": key.name, "redacted_value": key.redacted}
    return {**named, "created_at": unix(key.created), "last_used_at": None}


def _account(account: ServiceAccount) -> dict[str, Any]:
    kind = {"object": "organization.project.service_account", "role": "member"}
    return {**kind, "id": account.id, "name": account.name, "created_at": unix(account.created)}


def missing(what: str, identifier: str) -> ApiError:
    return openai_error(404, f"No {what} found with id '{identifier}'.", code="not_found")
