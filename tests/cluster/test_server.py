"""The clusters that the tests run on."""

from __future__ import annotations

import pytest

from tests.cluster.given import HOSTS
from tests.cluster.server import ask

pytestmark = pytest.mark.skipif(bool(HOSTS), reason="the cluster that is given is what it is")


def test_index_of_a_test_is_its_own(each_version: list[str], prefix: str) -> None:
    [host] = each_version
    assert ask("PUT", f"{host}/{prefix}-some")["acknowledged"]
    assert list(ask("GET", f"{host}/{prefix}*")) == [f"{prefix}-some"]


def test_analyzers_are_there(each_version: list[str]) -> None:
    [host] = each_version
    tokens = ask("POST", f"{host}/_analyze", {"tokenizer": "whitespace", "filter": ["asciifolding"], "text": "bưởi"})
    assert [token["token"] for token in tokens["tokens"]] == ["buoi"]
