"""The commands on an archive on a cluster: there is no data folder, and what they print is what it is elsewhere."""

from __future__ import annotations

import json
import urllib.error
from pathlib import Path

import pytest

from tests.archives import said_without_kernels
from tests.cluster.commands import Run, exported, on_cluster
from tests.cluster.server import ask
from tests.conftest import SEEDS
from tests.processes import timtin

__all__ = ["on_cluster"]


def test_articles_are_indexed_searched_exported_and_backed_up(on_cluster: Run, tmp_path: Path) -> None:
    assert "there is no archive" in on_cluster("stats", code=1).stderr
    assert "5 added" in on_cluster("index", str(SEEDS)).stdout
    assert "5 unchanged" in on_cluster("index", str(SEEDS)).stdout
    facts = json.loads(on_cluster("stats", "--json").stdout)
    assert (facts["articles"], facts["in_sync"]) == (5, True)
    assert "5 articles" in on_cluster("search", "hoi nhap quoc te").stdout
    assert on_cluster("suggest", "hoi nha", "--size", "1").stdout == "hội nhập\n"
    assert on_cluster("check").stdout.splitlines() == ["the index agrees with the store", *said_without_kernels()]

    here = tmp_path / "here"
    assert timtin("index", str(SEEDS), "--data", str(here)).returncode == 0
    assert on_cluster("export").stdout.encode() == exported(here)

    restored = tmp_path / "restored"
    restored.mkdir(mode=0o700)
    on_cluster("backup", str(restored / "articles.sqlite"))
    assert exported(restored) == exported(here)
    assert not (tmp_path / "data").exists()


def test_copies_that_no_node_has_are_no_damage(on_cluster: Run, cluster_hosts: list[str], prefix: str) -> None:
    on_cluster("index", str(SEEDS))
    settings = {"auto_expand_replicas": False, "number_of_replicas": 3}
    ask("PUT", f"{cluster_hosts[0]}/{prefix}-articles/_settings", {"index": settings})
    done = on_cluster("check", code=1)
    assert "3 copies of shards" in done.stderr
    assert "only if that has lost articles" in done.stdout
    assert "damaged" not in done.stdout


def test_keys_are_kept_on_the_cluster_as_hashes(on_cluster: Run, cluster_hosts: list[str], prefix: str) -> None:
    token = on_cluster("keys", "add", "may", "--scope", "write").stdout.strip()
    on_cluster("keys", "add", "an", "--scope", "admin")
    assert "there is a key 'an' already" in on_cluster("keys", "add", "an", "--scope", "admin", code=1).stderr
    assert [key["name"] for key in json.loads(on_cluster("keys", "list", "--json").stdout)] == ["may", "an"]
    ask("POST", f"{cluster_hosts[0]}/{prefix}-state/_refresh")
    kept = json.dumps(ask("POST", f"{cluster_hosts[0]}/{prefix}-state/_search?size=100", {}))
    assert "sha256" in kept
    assert token not in kept
    assert on_cluster("keys", "revoke", "an").stdout == "the key 'an' is revoked\n"
    assert "there is no key 'an'" in on_cluster("keys", "revoke", "an", code=1).stderr


def test_evaluate_leaves_nothing_on_the_cluster(
    on_cluster: Run, cluster_hosts: list[str], prefix: str, tmp_path: Path
) -> None:
    judged = tmp_path / "set"
    judged.mkdir()
    texts = {"a": "Giá lúa gạo xuất khẩu tăng mạnh.", "b": "Đội tuyển bóng đá thắng trận."}
    (judged / "docs.jsonl").write_text(
        "".join(json.dumps({"id": id, "body": text}) + "\n" for id, text in texts.items())
    )
    (judged / "queries.jsonl").write_text(json.dumps({"id": "1", "text": "giá lúa gạo"}) + "\n")
    (judged / "qrels.tsv").write_text("1\ta\t1\n")
    values = json.loads(on_cluster("evaluate", str(judged), "--json").stdout)
    assert (values["articles"], values["queries"]) == (2, 1)
    with pytest.raises(urllib.error.HTTPError, match="404"):
        ask("GET", f"{cluster_hosts[0]}/{prefix}-trial-*/_stats?allow_no_indices=false")


def test_a_cluster_that_is_not_there_is_said_in_one_line(on_cluster: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIMTIN_CLUSTER_TIMEOUT", "0.2")
    for command in (["stats"], ["keys", "list"], ["export"]):
        done = timtin(*command, "--engine", "opensearch", "--hosts", "http://127.0.0.1:1")
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert "no host of the cluster answered" in done.stderr
