"""Opening a ledger: fresh, old, newer, damaged, foreign, read-only."""

import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from deployer.domain.act import ActKind
from deployer.domain.period import Period
from deployer.errors import DeployerError, InvalidFile, ReadOnlyLedger
from deployer.ledger import open_ledger
from deployer.ledger.opening import KNOWN, VERSION
from deployer.ledger.schema import metadata
from tests.ledger.world import HOUR, START, StandingClock, deployment, hosting, opened, snapshot

ONE = deployment()
DAY_ONE = Period(START, START + 24 * HOUR)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger with one sweep in it, closed."""
    ledger = opened(tmp_path)
    ledger.readings.record(snapshot(START + HOUR, ONE), [hosting(ONE, START, START + HOUR)], [])
    ledger.close()
    return tmp_path / "ledger.sqlite3"


def error_of(file: Path, *, read_only: bool = False) -> DeployerError:
    with pytest.raises(DeployerError) as caught:
        open_ledger(f"sqlite:///{file}", clock=StandingClock(), read_only=read_only)
    return caught.value


def test_what_was_written_is_there_after_reopening(file: Path) -> None:
    ledger = opened(file.parent)

    assert ledger.readings.tracked().keys() == {ONE.id.key}
    assert len(ledger.readings.charges(DAY_ONE)) == 1


def test_folders_are_made_for_a_fresh_ledger(tmp_path: Path) -> None:
    opened(tmp_path / "deep" / "er")

    assert (tmp_path / "deep" / "er" / "ledger.sqlite3").is_file()


def test_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").touch()

    assert opened(tmp_path).readings.tracked() == {}


def test_migrations_end_at_the_version_that_opening_expects(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        versions = connection.execute("SELECT version_num FROM alembic_version").fetchall()

    assert versions == [(VERSION,)]
    assert max(KNOWN) == VERSION


def test_migrations_make_the_tables_that_the_queries_expect(file: Path) -> None:
    made = inspect(create_engine(f"sqlite:///{file}"))

    columns = {name: {column["name"] for column in made.get_columns(name)} for name in made.get_table_names()}
    indexes = {index["name"] for name in made.get_table_names() for index in made.get_indexes(name)}
    expected = {name: set(table.columns.keys()) for name, table in metadata.tables.items()}
    assert columns == {**expected, "alembic_version": {"version_num"}}
    assert indexes == {index.name for table in metadata.tables.values() for index in table.indexes}


def test_migration_tool_is_not_loaded_for_a_ledger_that_is_up_to_date(file: Path) -> None:
    program = (
        "import sys; from deployer.clock import SystemClock; from deployer.ledger import open_ledger; "
        "assert 'sqlalchemy' not in sys.modules; "
        f"open_ledger('sqlite:///{file}', clock=SystemClock()); print('alembic' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"


def test_two_processes_that_make_the_same_fresh_ledger_both_succeed(tmp_path: Path) -> None:
    program = (
        "from deployer.clock import SystemClock; from deployer.ledger import open_ledger; "
        f"open_ledger('sqlite:///{tmp_path}/ledger.sqlite3', clock=SystemClock()).readings.tracked()"
    )

    both = [subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE) for _ in range(2)]

    outputs = [process.communicate(timeout=60)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], outputs


def test_ledger_of_a_newer_program_is_refused_and_left_alone(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    before = file.read_bytes()

    error = error_of(file)

    assert str(error) == f"{file}: written by a newer version of deployer (schema 9999, known up to {VERSION})"
    assert error.next_step == "upgrade deployer; nothing was changed"
    assert file.read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_file_that_is_no_ledger_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "ledger.sqlite3"
    file.write_bytes(content)

    error = error_of(file)

    assert str(error).startswith(f"{file}: cannot be read as a ledger (")
    assert error.exit_code == 4
    assert "restore a copy" in error.next_step
    assert file.read_bytes() == content


def test_database_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "ledger.sqlite3"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE photos (id)")
    before = file.read_bytes()

    assert str(error_of(file)) == f"{file}: cannot be read as a ledger (it is a database of something else)"
    assert file.read_bytes() == before


def test_damage_inside_the_file_is_told_in_words(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    content = bytearray(file.read_bytes())
    content[4096 * 3 :] = b"\xff" * (len(content) - 4096 * 3)
    file.write_bytes(bytes(content))

    with pytest.raises(DeployerError) as caught:
        opened(file.parent).readings.tracked()

    assert str(file) in str(caught.value)
    assert "restore a copy" in caught.value.next_step


def test_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").mkdir()

    assert str(error_of(tmp_path / "ledger.sqlite3")).startswith(
        f"{tmp_path / 'ledger.sqlite3'}: the ledger cannot be opened"
    )


def test_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").touch()

    error = error_of(tmp_path / "home" / "ledger.sqlite3")

    assert str(tmp_path / "home") in str(error)


@pytest.mark.parametrize(
    "url", ["postgresql://me:hunter2@db/ledger", "sqlite://", "sqlite:///:memory:", "ledger.sqlite3", ""]
)
def test_url_that_names_no_file_is_an_invalid_setting_and_is_not_repeated(url: str) -> None:
    with pytest.raises(InvalidFile) as caught:
        open_ledger(url, clock=StandingClock())

    assert str(caught.value).startswith("DEPLOYER_DATABASE_URL: ")
    assert "hunter2" not in str(caught.value)


def test_ledger_that_may_only_be_read_is_read(file: Path) -> None:
    before = file.read_bytes()
    ledger = opened(file.parent, read_only=True)

    assert ledger.readings.tracked().keys() == {ONE.id.key}
    assert len(ledger.readings.spent(DAY_ONE)) == 1
    assert ledger.journal.unfinished() == ()
    assert ledger.decisions.history(START).acts_today == 0
    ledger.close()
    assert file.read_bytes() == before


def test_ledger_that_may_only_be_read_refuses_to_be_written(file: Path) -> None:
    ledger = opened(file.parent, read_only=True)

    with pytest.raises(ReadOnlyLedger, match="may only be read") as caught:
        ledger.readings.record(snapshot(START, ONE), [], [])

    assert str(file) in str(caught.value)
    with pytest.raises(ReadOnlyLedger):
        ledger.journal.intend(ActKind.UNDEPLOY, "a", "b", "c", "d", {}, {}, START)
    with pytest.raises(ReadOnlyLedger):
        ledger.lease("sweep", "me", START, 60)


def test_reader_sees_what_a_writer_adds_meanwhile(file: Path) -> None:
    reader, writer = opened(file.parent, read_only=True), opened(file.parent)
    assert len(reader.readings.charges(DAY_ONE)) == 1

    writer.readings.record(snapshot(START + 2 * HOUR, ONE), [hosting(ONE, START + HOUR, START + 2 * HOUR)], [])

    assert len(reader.readings.charges(DAY_ONE)) == 2


LOCKED_OUT = """
import os, sys
from deployer.clock import SystemClock
from deployer.errors import ReadOnlyLedger
from deployer.ledger import book, open_ledger
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write everywhere; nobody may not
for read_only in (True, False):
    ledger = open_ledger("sqlite:///" + sys.argv[1], clock=SystemClock(), read_only=read_only)
    print(*ledger.readings.tracked())
    try:
        ledger.decisions.pause(True, "me", SystemClock().now())
    except ReadOnlyLedger as error:
        print(error)
"""


@pytest.fixture
def locked(file: Path) -> Iterator[Path]:
    """The ledger in a folder that everybody may read and nobody may write."""
    folder = Path(tempfile.mkdtemp())
    shutil.copy(file, folder / file.name)
    (folder / file.name).chmod(0o444)
    folder.chmod(0o555)
    yield folder / file.name
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_ledger_in_a_folder_that_cannot_be_written_is_read_whoever_opens_it(locked: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LOCKED_OUT, str(locked)], capture_output=True, text=True, check=False)

    assert done.stdout.splitlines() == [ONE.id.key, f"{locked}: the ledger may only be read"] * 2, done.stderr


def test_missing_ledger_cannot_be_opened_read_only(tmp_path: Path) -> None:
    error = error_of(tmp_path / "ledger.sqlite3", read_only=True)

    assert str(error) == f"{tmp_path / 'ledger.sqlite3'}: there is no ledger yet"
    assert not (tmp_path / "ledger.sqlite3").exists()


def test_path_with_spaces_and_signs_is_taken_as_it_is(file: Path, tmp_path: Path) -> None:
    odd = tmp_path / "a b%20c#d"
    odd.mkdir()
    shutil.copy(file, odd / "ledger.sqlite3")

    ledger = open_ledger(f"sqlite:///{odd / 'ledger.sqlite3'}".replace("%20", "%2520"), clock=StandingClock())

    assert ledger.readings.tracked().keys() == {ONE.id.key}
