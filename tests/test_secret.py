"""Secrets are hidden when shown, and removed from texts in every form they travel in."""

import json
from urllib.parse import quote, quote_plus

import pytest

from deployer.secret import HIDDEN, Scrubber, Secret, secret_parts, token_parts

VALUE = "p@ss/w+rd é&4711"


@pytest.mark.parametrize(
    "form",
    [
        VALUE,
        quote(VALUE),
        quote(VALUE, safe=""),
        quote(VALUE, safe="").lower(),
        quote_plus(VALUE),
        json.dumps(VALUE)[1:-1],
        repr(VALUE)[1:-1],
    ],
)
def test_secret_is_removed_in_every_form(form: str) -> None:
    assert Scrubber([VALUE])(f"before {form} after") == f"before {HIDDEN} after"


def test_secret_with_quotes_and_line_ends_is_removed_from_json() -> None:
    value = 'a"b\\c\nd-4711'

    assert "4711" not in Scrubber([value])(json.dumps({"key": value}))


def test_longer_secret_is_removed_before_one_that_it_contains() -> None:
    assert Scrubber(["abcd", "abcdefgh"])("abcdefgh abcd") == f"{HIDDEN} {HIDDEN}"


def test_very_short_values_do_not_spoil_every_text() -> None:
    assert Scrubber(["a"])("a plain text") == "a plain text"


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-canary4711abc.",
        "Incorrect API key provided: canary4*************4711. See",
        "Authorization: Bearer eyJ0eXAi.canary4711.abcdef",
        "grant_type=x&client_secret=canary4711&scope=y",
        "could not connect to postgresql://deployer:canary4711@host/db",
    ],
)
def test_what_looks_like_a_key_is_removed_although_unknown(text: str) -> None:
    assert "canary4" not in Scrubber([])(text)


def test_text_without_secrets_is_untouched() -> None:
    text = "azure:aoai-dev-eastus2/support-bot costs $1.70 an hour (https://localhost:8443/openai)"

    assert Scrubber(["canary-4711"])(text) == text


def test_secret_shows_itself_only_when_asked_by_name() -> None:
    secret = Secret("canary-4711")

    assert secret.reveal() == "canary-4711"
    assert f"{secret} {secret!r} {[secret]}" == f"{HIDDEN} Secret('{HIDDEN}') [Secret('{HIDDEN}')]"


def test_secrets_compare_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_empty_secret_is_false() -> None:
    assert not Secret("")


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("postgresql://me:p%40ss@host/db", {"p%40ss", "p@ss"}),
        ("https://host/path?sig=canary-4711&v=1", {"canary-4711"}),
        ("https://host/path", set()),
        ("https://[broken", set()),
    ],
)
def test_password_and_signature_are_the_secrets_of_an_address(url: str, parts: set[str]) -> None:
    assert set(secret_parts(url)) == parts


@pytest.mark.parametrize(
    ("url", "hidden", "shown"),
    [
        ("slack://canary-aaa/canary-bbb/canary-ccc", ["canary-aaa", "canary-bbb", "canary-ccc"], []),
        ("mailto://user:canary-4711@example.com", ["canary-4711"], ["example.com", "user"]),
        ("json://localhost:8080/canary-4711", ["canary-4711"], ["localhost"]),
        ("discord://canary-aaa/canary-bbb?avatar=no", ["canary-aaa", "canary-bbb"], ["no"]),
        ("https://[broken-canary", ["https://[broken-canary"], []),
    ],
)
def test_any_part_of_a_notification_url_may_be_the_token(url: str, hidden: list[str], shown: list[str]) -> None:
    parts = set(token_parts(url))

    assert parts.issuperset(hidden)
    assert parts.isdisjoint(shown)
