"""The clusters that the tests run on."""

from __future__ import annotations

from tests.cluster.server import ask


def test_index_of_a_test_is_its_own(each_version: list[str], prefix: str) -> None:
    [host] = each_version
    assert ask("PUT", f"{host}/{prefix}-some")["acknowledged"]
    assert list(ask("GET", f"{host}/{prefix}*")) == [f"{prefix}-some"]


def test_analyzers_are_there(each_version: list[str]) -> None:
    [host] = each_version
    tokens = ask("POST", f"{host}/_analyze", {"tokenizer": "whitespace", "filter": ["asciifolding"], "text": "bưởi"})
    assert [token["token"] for token in tokens["tokens"]] == ["buoi"]
