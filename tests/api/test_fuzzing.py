"""The service answers as its description says, whatever it is asked; ``make fuzz`` asks much more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.api.fuzzing import fuzz
from tests.conftest import Server, with_seeds


@pytest.mark.slow
@pytest.mark.parametrize("key", [True, False], ids=["with a key", "without a key"])
def test_answers_are_as_described(serve: Callable[..., Server], tmp_path: Path, key: bool) -> None:
    with_seeds(tmp_path / "data")
    code, report = fuzz(serve(), 3, key=key, phases="examples,fuzzing,stateful")
    assert code == 0, report
    assert "Tested: 27" in report
