"""How long `deployer --help` takes, as a ratio to `python -c "import click"` in the same run.

The baseline is the least that any Click program costs. Run: python benchmarks/startup.py
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 15
LIMIT = 2.5


def measure(command: list[str]) -> float:
    """Wall time of one run in seconds, output thrown away."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def main() -> None:
    """Alternate both commands, so that a noisy machine hits both alike, and print the medians."""
    tool = Path(sys.executable).with_name("deployer")
    if not tool.exists():
        sys.exit(f"{tool} is not there: install the package into this environment first (pip install -e .)")
    baseline = [sys.executable, "-c", "import click"]
    measure(baseline), measure([str(tool), "--help"])
    click_times, help_times = [], []
    for _ in range(RUNS):
        click_times.append(measure(baseline))
        help_times.append(measure([str(tool), "--help"]))
    click, shown = statistics.median(click_times), statistics.median(help_times)
    verdict = "within" if shown < LIMIT * click else "over"
    print(f"import click    {click * 1000:6.1f} ms (median of {RUNS})")
    print(f"deployer --help {shown * 1000:6.1f} ms")
    print(f"ratio           {shown / click:6.2f}    {verdict} the limit of {LIMIT}")


if __name__ == "__main__":
    main()
