"""The vendors' own API documents: which operation a request is, and what the document says of it.

Azure's are Swagger 2.0 and OpenAPI 3.0 and spread over files; OpenAI's is one OpenAPI 3.1. What
differs between them is levelled here: an `Operation` has parameters, a body and answers.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urldefrag, urljoin

import yaml
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4, DRAFT202012

from tests.vendor.monitoring import COMMON

FOLDER = Path(__file__).parents[3] / "shared" / "specs"
OPENAI = "openai/openapi.yaml"
_COGNITIVE = "azure/cognitiveservices"
AUTHORING = f"{_COGNITIVE}/data-plane/AzureOpenAI/authoring/stable/2024-10-21/azureopenai.json"
INFERENCE = f"{_COGNITIVE}/data-plane/AzureOpenAI/inference/stable/2024-10-21/inference.json"
BATCH = "azure/monitor/data-plane/Microsoft.Insights/stable/2024-02-01/metricBatch.json"
_MONITOR = "azure/monitor/resource-manager/Microsoft.Insights/stable/2024-02-01"
_COST = "azure/cost-management/resource-manager/Microsoft.CostManagement/stable/2024-08-01"
RESOURCE_MANAGER = (
    f"{_COGNITIVE}/resource-manager/Microsoft.CognitiveServices/stable/2024-10-01/cognitiveservices.json",
    f"{_MONITOR}/metrics_API.json",
    f"{_MONITOR}/metricDefinitions_API.json",
    f"{_COST}/costmanagement.json",
    f"{_COST}/costmanagement.budgets.json",
    f"{_COST}/common-types.json",
    "azure/consumption/resource-manager/Microsoft.Consumption/stable/2024-08-01/consumption.json",
)
_DATA_PLANE = re.compile(r"^/accounts/[^/]+/openai(?:/v1(?=/))?(?P<rest>/.*)$", re.IGNORECASE)
"""The newer surface has the same shapes below `v1`, without an api-version."""
_BY_MODEL = "/deployments/the-one-of-the-body"
_BATCH = re.compile(r"^/metrics/[^/]+(?P<rest>/.*)$", re.IGNORECASE)
_WIDE = frozenset({"scope", "resourceUri"})
"""Path parameters that hold a path themselves."""


@dataclass(frozen=True)
class Located:
    """A part of a document and the document that its references are relative to."""

    content: Any
    uri: str

    def at(self, *keys: str) -> "Located":
        """The part below; an empty one where there is none. References are followed."""
        found = self.followed()
        for key in keys:
            content = found.content.get(key, {}) if isinstance(found.content, Mapping) else {}
            found = found.part(content).followed()
        return found

    def part(self, content: Any) -> "Located":
        """Something else of the same document."""
        return Located(content, self.uri)

    def followed(self) -> "Located":
        found = self
        while isinstance(found.content, Mapping) and isinstance(found.content.get("$ref"), str):
            target = urljoin(found.uri, found.content["$ref"])
            found = Located(REGISTRY.resolver().lookup(target).contents, urldefrag(target).url)
        return found

    @cached_property
    def absolute(self) -> Any:
        """The content with references that lead the same way from anywhere."""
        return _absolute(self.content, self.uri)


def _absolute(content: Any, uri: str) -> Any:
    if isinstance(content, list):
        return [_absolute(item, uri) for item in content]
    if not isinstance(content, Mapping):
        return content
    return {
        key: urljoin(uri, item) if key == "$ref" and isinstance(item, str) else _absolute(item, uri)
        for key, item in content.items()
    }


@dataclass(frozen=True)
class Parameter:
    name: str
    place: str
    required: bool
    schema: Located


@dataclass(frozen=True)
class Operation:
    """One operation of one document."""

    name: str
    document: str
    parameters: tuple[Parameter, ...]
    bodies: Mapping[str, Located] = field(default_factory=dict)
    body_required: bool = False
    answers: Mapping[str, Located] = field(default_factory=dict)
    """By status; a status without a body leads to an empty schema."""
    events: Located | None = None
    """What each event of a streamed answer looks like."""


def available() -> bool:
    return FOLDER.exists()


def find_operation(method: str, path: str) -> Operation | None:
    """The operation that a request is, None when no document at hand has it."""
    files, inner = _files_of(path)
    for file in files:
        for pattern, located in _paths(file):
            if pattern.match(inner) and method.lower() in located.content:
                return _operation(file, located, method.lower())
    return None


def error_schema(file: str) -> Located | None:
    """What an error looks like in a document whose operations list only their successes."""
    root = load(file)
    return root.at("components", "schemas", "ErrorResponse") if file == OPENAI else None


def _files_of(path: str) -> tuple[tuple[str, ...], str]:
    if path.startswith("/v1/"):
        return (OPENAI,), path.removeprefix("/v1")
    found = _DATA_PLANE.match(path)
    if found:
        inner = found["rest"]
        return (AUTHORING, INFERENCE), _BY_MODEL + inner if inner in ("/chat/completions", "/completions") else inner
    found = _BATCH.match(path)
    return ((BATCH,), found["rest"]) if found else (RESOURCE_MANAGER, path)


@cache
def load(file: str) -> Located:
    """A document from the reference data folder."""
    uri = (FOLDER / file).as_uri()
    return Located(REGISTRY.resolver().lookup(uri).contents, uri)


@cache
def _paths(file: str) -> list[tuple["re.Pattern[str]", Located]]:
    """Every path with its pattern, the one with the fewest parameters first."""
    root = load(file)
    paths = {**root.content["paths"], **root.content.get("x-ms-paths", {})}
    ordered = sorted(paths, key=lambda template: ("?" in template, template.count("{"), -len(template)))
    return [(_pattern(template), root.part(paths[template])) for template in ordered]


def _pattern(template: str) -> "re.Pattern[str]":
    def segment(found: "re.Match[str]") -> str:
        return ".+" if found[1] in _WIDE else "[^/]+"

    parts = re.split(r"(\{[^}]+\})", template.partition("?")[0])
    joined = "".join(re.sub(r"\{([^}]+)\}", segment, part) if part[:1] == "{" else re.escape(part) for part in parts)
    return re.compile(f"^{joined.replace('/.+', '/?.+', 1)}/?$", re.IGNORECASE)


def _operation(file: str, path_item: Located, method: str) -> Operation:
    content = path_item.content[method]
    given = [*path_item.content.get("parameters", ()), *content.get("parameters", ())]
    followed = [path_item.part(item).followed() for item in given]
    body = next((item for item in followed if item.content.get("in") == "body"), None)
    operation = path_item.part(content)
    return Operation(
        name=content.get("operationId", ""),
        document=file,
        parameters=tuple(_parameter(item) for item in followed if item.content.get("in") != "body"),
        bodies={"application/json": body.at("schema")} if body else dict(_bodies(operation.at("requestBody"))),
        body_required=bool((body or operation.at("requestBody")).content.get("required")),
        answers=dict(_answers(operation)),
        events=_events(operation),
    )


def _parameter(item: Located) -> Parameter:
    content = item.content
    schema = item.at("schema") if "schema" in content else item
    return Parameter(content["name"], content["in"], bool(content.get("required")), schema)


def _bodies(body: Located) -> Iterator[tuple[str, Located]]:
    for kind, media in body.content.get("content", {}).items():
        yield kind, body.part(media).at("schema")


def _answers(operation: Located) -> Iterator[tuple[str, Located]]:
    for status, answer in operation.content["responses"].items():
        found = operation.part(answer).followed()
        media = found.content.get("content", {})
        kind = next(iter(media), "")
        yield str(status), found.part(media[kind]).at("schema") if kind else found.at("schema")


def _events(operation: Located) -> Located | None:
    """Azure's document describes no streams, what comes in them is OpenAI's; a legacy completion streams itself."""
    if operation.content.get("operationId") == "ChatCompletions_Create":
        return load(OPENAI).at("components", "schemas", "CreateChatCompletionStreamResponse")
    media = operation.at("responses", "200", "content")
    if operation.content.get("operationId") == "createCompletion":
        return media.at("application/json", "schema")
    return media.at("text/event-stream", "schema") if "text/event-stream" in media.content else None


@cache  # a registry forgets what it retrieved
def _retrieve(uri: str) -> "Resource[Any]":
    file = Path(uri.removeprefix("file://"))
    if file.name == "commonMonitoringTypes.json":  # the folder lacks it
        return Resource.from_contents(COMMON, DRAFT4)
    if file.suffix == ".yaml":
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        content = yaml.load(file.read_bytes(), Loader=loader)  # noqa: S506 - both loaders are the safe ones
        return Resource.from_contents(_levelled(content), DRAFT202012)
    return Resource.from_contents(json.loads(file.read_text()), DRAFT4)


REGISTRY: "Registry[Any]" = Registry(retrieve=_retrieve)  # type: ignore[call-arg]  # its types leave the argument out


def _levelled(content: Any) -> Any:
    """OpenAPI 3.1 with the `exclusiveMinimum: true` of 3.0, which JSON Schema would take for the number 1."""
    if isinstance(content, list):
        return [_levelled(item) for item in content]
    if not isinstance(content, Mapping):
        return content
    found = {key: _levelled(item) for key, item in content.items()}
    for edge, limit in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if found.get(edge) is True and limit in found:
            found[edge] = found.pop(limit)
    return found
