"""Hints of personal data: kinds and counts, never values."""

from pathlib import Path

import pytest

from deployer.cli.dataset import document
from deployer.datasets.check import check_dataset
from deployer.datasets.privacy import NOT_CHECKED, hints, passes_iban, passes_luhn
from tests.datasets.files import chat, good, write


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to ann.lee+shop@example.co.uk please", "e-mail address"),
        ("call +44 20 7946 0958 today", "telephone number"),
        ("call (555) 010-9999 today", "telephone number"),
        ("card 4111 1111 1111 1111 was refused", "payment card"),
        ("IBAN DE89 3704 0044 0532 0130 00", "IBAN"),
        ("from GB82WEST12345698765432", "IBAN"),
        ("host 192.168.10.24 is down", "IP address"),
        ("use sk-proj-abcdefghijklmnopqrstuvwxyz0123", "key or token"),
        ("-----BEGIN RSA PRIVATE KEY-----", "key or token"),
    ],
)
def test_a_kind_of_personal_data_is_found(text: str, kind: str) -> None:
    assert dict(hints(text)) == {kind: 1}


@pytest.mark.parametrize(
    "text",
    [
        "order 4111111111111112 of 2026-09-01",
        "version 1.2.3 came in 2024, 2025 and 2026",
        "it costs 1,234,567.89 dollars",
        "DE00 3704 0044 0532 0130 00 is no account",
        "sha 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "the ratio is 0.123456789012345678",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert dict(hints(text)) == {}


def test_checksums() -> None:
    assert passes_luhn("5555 5555 5555 4444")
    assert not passes_luhn("5555 5555 5555 4445")
    assert passes_iban("FR14 2004 1010 0505 0001 3M02 606")
    assert not passes_iban("FR15 2004 1010 0505 0001 3M02 606")


def test_values_are_never_printed_and_names_are_said_to_be_unchecked(tmp_path: Path) -> None:
    rows = [*good(), chat("I am Ann, ann@example.com", "Card 4111 1111 1111 1111 it is.")]
    report = check_dataset(write(tmp_path / "train.jsonl", rows), "gpt-4o-mini")
    printed = str(document(report))
    assert report.personal == {"e-mail address": 1, "payment card": 1}
    assert "ann@example.com" not in printed
    assert "4111" not in printed
    assert NOT_CHECKED in report.notes
