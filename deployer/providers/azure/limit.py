"""What one Azure OpenAI resource takes, as Microsoft prints it.

"Azure OpenAI quotas and limits" and the fine-tuning pages of the Foundry documentation, read on 2026-11-20. The
service also pauses a reinforcement job at $5,000 and ends any after 720 hours; those are told where jobs are priced.
"""

import re

from deployer.domain.limit import Limits

MEGABYTE = 1_000_000
LIMITS = Limits(
    name=re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{1,63}"),
    named="2 to 64 letters, digits, '-', '_' and '.', beginning with a letter or digit",
    tuned_deployments=10,
    jobs=100,
    running=3,
    developer_running=5,
    queued=20,
    files=100,
    file_bytes=512 * MEGABYTE,
    all_file_bytes=1_000 * MEGABYTE,
    examples=10,
    source="Azure OpenAI quotas and limits, read 2026-11-20",
)
