"""What a vendor takes of one account, by its documents: so many deployments, jobs and files, so large.

A limit that is not known limits nothing here: the vendor decides. Some are raised on request, so an account
that holds more than its limit proves that it has another one.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """None is not known. `name` is a pattern of deployment names that the vendor takes, and `named` says it in words.

    `running` are jobs at once, `developer_running` those of the developer tier; more than these wait in the queue.
    `examples` are the least of a training file.
    """

    name: re.Pattern[str] | None = None
    named: str = ""
    tuned_deployments: int | None = None
    jobs: int | None = None
    running: int | None = None
    developer_running: int | None = None
    queued: int | None = None
    files: int | None = None
    file_bytes: int | None = None
    all_file_bytes: int | None = None
    examples: int | None = None
    source: str = ""


UNLIMITED = Limits()
