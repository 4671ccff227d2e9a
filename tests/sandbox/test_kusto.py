"""The query language of Resource Graph: what people's inventories ask, and what is refused rather than guessed."""

from typing import Any

import pytest

from deployer.sandbox.azure.kusto.query import answer
from deployer.sandbox.azure.kusto.token import InvalidQuery

ROWS: list[dict[str, Any]] = [
    {"name": "dev", "location": "eastus2", "kind": "OpenAI", "tags": {"env": "dev"}, "sku": {"name": "S0"}, "n": 3},
    {"name": "prod-a", "location": "westus", "kind": "OpenAI", "tags": {"env": "prod"}, "sku": {"name": "S0"}, "n": 1},
    {"name": "prod-b", "location": "eastus2", "kind": "AIServices", "tags": None, "sku": None, "n": 2},
]
PLACES = [{"location": "eastus2", "title": "East US 2"}]


def table(name: str) -> list[dict[str, Any]]:
    return {"resources": ROWS, "places": PLACES}[name]


def ask(query: str) -> list[dict[str, Any]]:
    return answer(query, table)


def names(query: str) -> list[str]:
    return [row["name"] for row in ask(query)]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("location == 'eastus2'", ["dev", "prod-b"]),
        ("location == 'EastUS2'", []),
        ("location =~ 'EastUS2'", ["dev", "prod-b"]),
        ('location != "eastus2"', ["prod-a"]),
        ("location !~ 'EASTUS2'", ["prod-a"]),
        ("name contains 'ROD'", ["prod-a", "prod-b"]),
        ("name !contains 'rod'", ["dev"]),
        ("name startswith 'Prod' and name endswith 'b'", ["prod-b"]),
        ("name has 'prod'", ["prod-a", "prod-b"]),
        ("name has 'pro'", []),
        ("name in ('dev', 'prod-a')", ["dev", "prod-a"]),
        ("name in~ ('DEV')", ["dev"]),
        ("name !in ('dev')", ["prod-a", "prod-b"]),
        ("name !in~ ('DEV')", ["prod-a", "prod-b"]),
        ("tags.env == 'prod' or kind =~ 'aiservices'", ["prod-a", "prod-b"]),
        ("tags['env'] =~ 'DEV'", ["dev"]),
        ("isnull(tags) and not(isempty(kind))", ["prod-b"]),
        ("n >= 2", ["dev", "prod-b"]),
        ("n + 1 == 2", ["prod-a"]),
        ("name matches regex '^prod-[ab]$'", ["prod-a", "prod-b"]),
        ("tolower(kind) == 'openai' and (n < 2 or n > 2) // told apart", ["dev", "prod-a"]),
        ("NAME == 'dev'", ["dev"]),
    ],
)
def test_where_keeps_what_is_asked_for(condition: str, expected: list[str]) -> None:
    assert names(f"Resources | where {condition}") == expected


def test_columns_are_picked_computed_renamed_and_left_out() -> None:
    picked = "resources | take 1 | project id = strcat(name, '/', sku.name), sku.name, tostring(tags.env)"
    assert ask(picked) == [{"id": "dev/S0", "sku_name": "S0", "tags_env": "dev"}]
    assert ask("resources | take 1 | extend big = iff(n > 2, 'yes', 'no') | project-keep name, big") == [
        {"name": "dev", "big": "yes"}
    ]
    assert ask("resources | take 1 | project-away tags, sku, kind, n | project-rename at = location") == [
        {"name": "dev", "at": "eastus2"}
    ]


def test_rows_are_counted_by_group() -> None:
    assert ask("resources | summarize count() by location") == [
        {"location": "eastus2", "count_": 2},
        {"location": "westus", "count_": 1},
    ]
    assert ask("resources | summarize total = sum(n), most = max(n), kinds = dcount(kind)") == [
        {"total": 6, "most": 3, "kinds": 2}
    ]
    assert ask("resources | where name == 'none' | summarize count()") == [{"count_": 0}]
    assert ask("resources | count") == [{"Count": 3}]
    assert ask("resources | distinct location | sort by location asc") == [
        {"location": "eastus2"},
        {"location": "westus"},
    ]


def test_rows_are_sorted_and_cut() -> None:
    assert names("resources | sort by n") == ["dev", "prod-b", "prod-a"]
    assert names("resources | order by location asc, n asc") == ["prod-b", "dev", "prod-a"]
    assert names("resources | top 2 by n asc | limit 1") == ["prod-a"]


def test_tables_are_joined() -> None:
    joined = "resources | join kind=leftouter (places | project title, location) on location | project name, title"
    assert ask(joined) == [
        {"name": "dev", "title": "East US 2"},
        {"name": "prod-a", "title": None},
        {"name": "prod-b", "title": "East US 2"},
    ]
    both = "resources | join places on $left.location == $right.location | project name"
    assert names(both) == ["dev", "prod-b"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("resources | wher name == 'x'", "ParserFailure"),
        ("resources | where", "ParserFailure"),
        ("resources | where name ==", "ParserFailure"),
        ("resources where name == 'x'", "ParserFailure"),
        ("resources | where name ! 'x'", "ParserFailure"),
        ("resources | take many", "ParserFailure"),
        ("resources | where frobnicate(name)", "UnknownFunction"),
        ("resources | summarize median(n)", "UnknownFunction"),
        ("resources | join kind=fullouter places on location", "InvalidJoinKind"),
        ("resources | where name == §", "ParserFailure"),
        ("", "ParserFailure"),
    ],
)
def test_what_is_not_understood_is_refused(query: str, code: str) -> None:
    with pytest.raises(InvalidQuery) as caught:
        ask(query)
    assert caught.value.code == code
