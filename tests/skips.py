"""Say once what was skipped, why, and what would run it: a plugin of pytest that ``tests.conftest`` takes part in.

A skip's reason says both: "no browser: apt-get install chromium, then make test". Where ``TIMTIN_TESTS_COMPLETE`` is
set, as .ci/run does, nothing may be skipped but what starts with one of ``MAY_BE_MISSING``.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator

import pytest

NO_MEASURING_DATA = "no measuring data"
NO_SMALL_DISK = "no small disk can be mounted"
NO_OPENSEARCH = "no OpenSearch"
MAY_BE_MISSING = (NO_MEASURING_DATA, NO_SMALL_DISK, NO_OPENSEARCH)
"""They are not in the checkout; a container may not mount; a repository of Maven may be out of reach."""


def reason_of(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Return why a test was skipped."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Fail what was skipped though everything has to run."""
    report: pytest.TestReport = yield  # type: ignore[misc, assignment]
    expected = hasattr(report, "wasxfail") or not os.environ.get("TIMTIN_TESTS_COMPLETE")
    if report.skipped and not expected and not reason_of(report).startswith(MAY_BE_MISSING):
        report.longrepr = f"skipped though TIMTIN_TESTS_COMPLETE is set: {reason_of(report)}"
        report.outcome = "failed"
    return report  # type: ignore[return-value]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a line for each reason."""
    tests = defaultdict(set)
    for report in terminalreporter.stats.get("skipped", []):
        tests[reason_of(report)].add(report.nodeid)
    for reason, skipped in sorted(tests.items()):
        terminalreporter.line(f"{len(skipped)} skipped: {reason}", yellow=True)
