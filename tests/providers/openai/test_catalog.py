"""What an OpenAI project can call, and until when."""

from datetime import UTC, datetime

from deployer.ports.cloud import Provider
from deployer.providers.openai.catalog import to_model
from deployer.sandbox.process import Sandbox


def test_models_carry_their_shutdown_date(openai: Provider, sandbox: Sandbox) -> None:
    (account,) = openai.inventory.observe().accounts

    models = openai.catalog.models(account)
    openai.catalog.models(account)

    nano = models.find("gpt-4.1-nano-2025-04-14")
    assert nano is not None
    assert nano.inference_until == datetime(2026, 10, 23, tzinfo=UTC)
    assert (models.provider, models.place) == ("openai", account.name)


def test_no_date_and_a_date_that_cannot_be_read_are_both_unknown() -> None:
    without, unreadable = to_model({"id": "gpt-5"}), to_model({"id": "gpt-6", "shutdown_date": "tba"})

    assert (without.inference_until, without.unreadable) == (None, ())
    assert (unreadable.inference_until, unreadable.unreadable) == (None, ("shutdown_date 'tba'",))
