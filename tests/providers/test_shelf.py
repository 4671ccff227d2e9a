"""Lists that are kept for a day, by a process that stays and by those that cron starts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployer.domain.catalog import ModelList, OfferedModel, OfferedSku
from deployer.errors import CloudError
from deployer.providers.shelf import Shelf
from tests.fakes import FakeClock

HOUR = timedelta(hours=1)
SKU = OfferedSku("Standard", tuned=True, hosted=True, retires=datetime(2027, 1, 2, tzinfo=UTC), capacity={"maximum": 3})
MODEL = OfferedModel("gpt-4.1", "1", inference_until=datetime(2027, 1, 2, tzinfo=UTC), skus=(SKU,), unreadable=("x",))


class Cloud:
    """Counts how often it is asked."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.asked = 0

    def read(self) -> ModelList:
        self.asked += 1
        return ModelList("azure", "eastus2", (MODEL,), "scripted", self.clock.now())


@pytest.fixture
def cloud() -> Cloud:
    return Cloud(FakeClock())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_another_process_takes_what_is_kept_whole(cloud: Cloud, folder: Path) -> None:
    first = Shelf(cloud.clock, "arm", folder).take("eastus2", cloud.read)

    again = Shelf(cloud.clock, "arm", folder).take("eastus2", cloud.read)

    assert (again, cloud.asked) == (first, 1)


def test_after_a_day_it_is_asked_again(cloud: Cloud, folder: Path) -> None:
    Shelf(cloud.clock, "arm", folder).take("eastus2", cloud.read)
    cloud.clock.advance(24 * HOUR)

    assert Shelf(cloud.clock, "arm", folder).take("eastus2", cloud.read).as_of == cloud.clock.now()


def test_list_from_the_future_is_not_believed(cloud: Cloud, folder: Path) -> None:
    Shelf(cloud.clock, "arm", folder).take("eastus2", cloud.read)
    cloud.clock.advance(-HOUR)
    Shelf(cloud.clock, "arm", folder).take("eastus2", cloud.read)

    assert cloud.asked == 2


def test_other_servers_and_places_have_their_own(cloud: Cloud, folder: Path) -> None:
    for origin, place in (("arm", "eastus2"), ("arm", "westus"), ("sandbox", "eastus2")):
        Shelf(cloud.clock, origin, folder).take(place, cloud.read)

    assert cloud.asked == 3


def test_error_is_not_kept(cloud: Cloud, folder: Path) -> None:
    shelf = Shelf(cloud.clock, "arm", folder)

    def fail() -> ModelList:
        raise CloudError("403")

    with pytest.raises(CloudError):
        shelf.take("eastus2", fail)
    assert shelf.take("eastus2", cloud.read).models == (MODEL,)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"provider": 1}', b"\xff\xfe"])
def test_file_that_is_none_is_as_good_as_no_file(cloud: Cloud, folder: Path, content: bytes) -> None:
    Shelf(cloud.clock, "arm", folder).take("eastus2", cloud.read)
    (kept,) = folder.iterdir()
    kept.write_bytes(content)

    assert Shelf(cloud.clock, "arm", folder).take("eastus2", cloud.read).models == (MODEL,)
    assert cloud.asked == 2


def test_without_a_state_folder_nothing_is_written(cloud: Cloud, tmp_path: Path) -> None:
    Shelf(cloud.clock, "arm", tmp_path / "absent" / "cache").take("eastus2", cloud.read)

    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_made_harms_nothing(cloud: Cloud, folder: Path) -> None:
    folder.write_text("a file stands there")

    assert Shelf(cloud.clock, "arm", folder).take("eastus2", cloud.read).models == (MODEL,)
