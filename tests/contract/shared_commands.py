"""The rows of commands that both clouds have: looks at everything, and fine-tuning."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deployer.deadline import CALL, OBSERVATION
from deployer.providers.finetuning import PROCESSING_LIMIT
from tests.contract.command import DONE, FAILED, REFUSED, Act, Command, Count, Given, Look, target
from tests.contract.console import Console
from tests.contract.stage import BASE

ESTIMATE = f"finetune estimate {{data}} --model {BASE} --epochs 1 --account {{account}} -o json"
LOOK = OBSERVATION
"""Seconds for one look at everything."""
START = f"finetune start {{data}} --model {BASE} --epochs 1 --account {{account}} --suffix {{suffix}} -o json"


def place(console: Console, home: Path) -> Given:
    return {"account": console.stage.account.name, "standing": console.stage.standing.name}


def row_of(document: Any, name: str) -> Mapping[str, Any]:
    """The row of a list that has this name or id; nothing when there is none."""
    found: Mapping[str, Any] = next((row for row in document if name in (row.get("name"), row.get("id"))), {})
    return found


def lists_standing(document: Any, console: Console, given: Given) -> bool:
    return row_of(document, given["standing"]).get("name") == given["standing"]


def knows_use(document: Any, console: Console, given: Given) -> bool:
    found = document if isinstance(document, dict) else row_of(document, given["standing"])
    return found["use"] in ("active", "idle")


def knows_end(document: Any, console: Console, given: Given) -> bool:
    found = document if isinstance(document, dict) else row_of(document, given["standing"])
    return found["retires"] is not None


def is_found(document: Any, console: Console, given: Given) -> bool:
    """Whether a sweep knows what the deployment was used for."""
    name = f"/{given['standing']}"
    found = [one["state"] for one in document["findings"] if one["deployment"].endswith(name) and one["rule"] == "idle"]
    return bool(found) and "unknown" not in found


def knows_dates(document: Any, console: Console, given: Given) -> bool:
    """Whether an estimate says by the vendor's own list when things end."""
    (ending,) = document["endings"].values()
    return ending["source"] is not None and "list" in ending["source"]


def is_well(what: str) -> Any:
    """Whether `doctor` finds that line well."""
    return lambda document, console, given: any(one["what"] == what and one["health"] == "ok" for one in document)


# --- fine-tuning ------------------------------------------------------------------------------


def new_job(console: Console, home: Path) -> Given:
    return {**place(console, home), "data": str(console.stage.data), "suffix": console.stage.new_name()}


def _ended(console: Console, home: Path) -> Given:
    return {**place(console, home), "job": console.stage.job.id}


def _started(console: Console, home: Path) -> Given:
    return {**place(console, home), "job": console.stage.start_job().id}


def _running(console: Console, home: Path) -> Given:
    return {**place(console, home), "job": console.stage.running_job().id}


def _paused(console: Console, home: Path) -> Given:
    return {**place(console, home), "job": console.stage.paused_job().id}


def _orphans(console: Console, given: Given) -> int:
    return len(console.stage.orphans())


def _jobs_named(console: Console, given: Given) -> int:
    stage = console.stage
    return sum(1 for job in stage.open().training.jobs(stage.account) if job.suffix == given["suffix"])


def _in_state(*states: str) -> Count:
    def count(console: Console, given: Given) -> int:
        stage = console.stage
        return int(stage.open().training.job(stage.account, given["job"]).status.lower() in states)

    return count


def lists_job(document: Any, console: Console, given: Given) -> bool:
    return row_of(document, given["job"]).get("id") == given["job"]


def finetune_commands(cloud: str) -> tuple[Command, ...]:
    def at(operation: str) -> dict[str, str]:
        return target(f"{cloud}.{operation}")

    # OpenAI is asked first whether it takes jobs, by a request for one that cannot be.
    def start(name: str, operation: str, *, changes: bool = True, after: int = 0) -> Act:
        where: dict[str, Any] = {**at(operation), "after": after}
        return Act(name, START, where, 1, PROCESSING_LIMIT, new_job, count=_jobs_named, left=_orphans, changes=changes)

    show = "finetune show {job} -o json"
    return (
        start("finetune start, uploading", "files.create"),
        start("finetune start, processing", "files.get", changes=False),
        start("finetune start, creating", "jobs.create", after=1 if cloud == "openai" else 0),
        Look(
            *("finetune list", "finetune list -o json", at("jobs.list"), 1, LOOK),
            prepare=_ended, shows=lists_job,
        ),
        Look(*("finetune show", show, at("jobs.get"), 1, LOOK), prepare=_ended),
        Look(*("finetune show, events", show, at("jobs.events"), 5, LOOK + 4 * CALL), prepare=_ended,
            shows=lambda document, console, given: bool(document["events"])),
        Look(
            *("finetune show, checkpoints", show, at("jobs.checkpoints"), 5, LOOK + 3 * CALL),
            prepare=_ended, shows=lambda document, console, given: bool(document["checkpoints"]),
        ),
        Look(
            *("finetune show, result", show, at("files.content"), 5, LOOK + 3 * CALL),
            prepare=_ended, shows=lambda document, console, given: bool(document["metrics"]),
        ),
        Look(
            *("finetune watch", "finetune watch {job} -o json", at("jobs.get"), 1, LOOK + CALL), prepare=_ended,
        ),
        Look(
            *("finetune watch, events", "finetune watch {job} -o json", at("jobs.events"), 1, LOOK + CALL),
            prepare=_ended,
        ),
        Look(
            *("finetune watch, model", "finetune watch {job} -o json", at("models.get"), 0, LOOK + 5 * CALL),
            prepare=_ended, shows=lambda document, console, given: document["ready"] is True,
        ),
        Act(
            *("finetune cancel", "finetune cancel {job} -o json", at("jobs.cancel"), 1, LOOK + 3 * CALL),
            prepare=_started, count=_in_state("cancelled"), again=DONE | REFUSED,
        ),
        Act(
            *("finetune pause", "finetune pause {job} -o json", at("jobs.pause"), 1, LOOK + 3 * CALL),
            prepare=_running, count=_in_state("pausing", "paused"), again=DONE | REFUSED | FAILED,
        ),
        Act(
            *("finetune resume", "finetune resume {job} -o json", at("jobs.resume"), 1, LOOK + 3 * CALL),
            prepare=_paused, count=_in_state("resuming", "queued", "running"), again=DONE | REFUSED | FAILED,
        ),
    )  # fmt: skip


def guard_policy(home: Path, **policy: Any) -> None:
    """The policies of one state folder: one, in mode enforce. JSON is YAML."""
    document = {"version": 1, "mode": "enforce", "policies": [{"name": "cell", **policy}]}
    (home / "policies.yaml").write_text(json.dumps(document))
