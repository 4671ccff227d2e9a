"""The OpenAI organisation as its SDK reaches it: keys, projects, clients."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from deployer.clock import Clock
from deployer.domain.deployment import Account
from deployer.errors import Forbidden
from deployer.ports.cloud import Connection
from deployer.providers.attempt import Attempts
from deployer.providers.page import all_items, identified

if TYPE_CHECKING:
    from openai import OpenAI

PROVIDER = "openai"
BASE_URL = "https://api.openai.com/v1"
ONLY_ACCOUNT = "default"
"""The account's name where no admin key lists projects: the project of the API key."""

NO_ADMIN_KEY = "OPENAI_ADMIN_KEY is not set, and only an admin key may read it"


class Cloud:
    """Clients over one pool of connections; nothing is called before something is asked."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self.connection = connection
        self.clock = clock
        self.attempts = Attempts(clock, connection.retries, scrub=connection.scrub)
        self._clients: dict[str, OpenAI] = {}
        self._lock = threading.Lock()

    @property
    def has_key(self) -> bool:
        return bool(self.connection.settings.get("OPENAI_API_KEY"))

    @property
    def has_admin_key(self) -> bool:
        return bool(self.connection.settings.get("OPENAI_ADMIN_KEY"))

    @property
    def base_url(self) -> str:
        return self.connection.settings.get("OPENAI_BASE_URL") or BASE_URL

    @property
    def admin(self) -> OpenAI:
        """The client for the organisation's API. Raises Forbidden without an admin key."""
        if not self.has_admin_key:
            raise Forbidden(NO_ADMIN_KEY, next_step="set OPENAI_ADMIN_KEY")
        return self._root

    def client(self, account: Account) -> OpenAI:
        """The client that speaks for one project. Raises Forbidden without an API key."""
        if not self.has_key:
            raise Forbidden("OPENAI_API_KEY is not set", next_step="set OPENAI_API_KEY")
        project = account.resource_id if account.resource_id != ONLY_ACCOUNT else ""
        if not project:
            return self._root
        with self._lock:
            if project not in self._clients:
                self._clients[project] = self._root.with_options(project=project)
            return self._clients[project]

    def accounts(self) -> tuple[Account, ...]:
        """The projects that are not archived; without an admin key the one that the API key belongs to."""
        if not self.has_admin_key:
            return (self._account({"id": ONLY_ACCOUNT}),)
        projects = self.admin.admin.organization.projects
        what = "list the projects of the organisation"
        rows = all_items(self.attempts, what, lambda: projects.list(limit=100))
        return tuple(self._account(identified(what, row)) for row in rows if not _is_archived(row))

    def _account(self, project: Mapping[str, Any]) -> Account:
        name = str(project.get("name") or "")
        return Account(
            provider=PROVIDER,
            name=str(project["id"]),
            resource_id=str(project["id"]),
            subscription=self.connection.settings.get("OPENAI_ORG_ID", ""),
            endpoint=self.base_url,
            tags={"name": name} if name else {},
        )

    @cached_property
    def _root(self) -> OpenAI:
        from openai import OpenAI

        from deployer.providers.transport import open_http

        settings = self.connection.settings
        return OpenAI(
            api_key=settings.get("OPENAI_API_KEY", ""),
            admin_api_key=settings.get("OPENAI_ADMIN_KEY") or None,
            organization=settings.get("OPENAI_ORG_ID") or None,
            base_url=self.base_url,
            max_retries=0,
            timeout=self.connection.timeout,
            http_client=open_http(self.connection),
        )


def _is_archived(project: Mapping[str, Any]) -> bool:
    """Archived projects are listed by older services too; any other status, known or not, is a living project."""
    return bool(project.get("archived_at")) or str(project.get("status") or "").lower() == "archived"
