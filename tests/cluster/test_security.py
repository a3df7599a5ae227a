"""A cluster with TLS and users: the rights that docs/operating.md names suffice, and what is wrong is said clearly."""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.alone import PLACE_OF_THIS_RUN
from tests.archives import said_without_kernels
from tests.cluster.commands import ClusterServer
from tests.cluster.secured import PASSWORD, SecuredNode
from tests.conftest import SEEDS
from tests.processes import reserved_port, timtin, wait_for

pytestmark = pytest.mark.slow
As = Callable[..., Callable[..., str]]


@pytest.fixture(scope="module")
def node() -> Iterator[SecuredNode]:
    folder = PLACE_OF_THIS_RUN / "secured"
    node = SecuredNode(folder)
    try:
        node.start_all()
        yield node
    finally:
        node.kill_all()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def as_user(node: SecuredNode, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> As:
    """Be a user from now on, by password unless settings say how; give what runs commands and returns what they say."""
    password, prefix = tmp_path / "password", f"timtin-{uuid.uuid4().hex[:8]}"
    password.write_text(f"{PASSWORD}\n", "utf-8")

    def become(user: str | None, **settings: Path | str) -> Callable[..., str]:
        for name in [name for name in os.environ if name.startswith("TIMTIN_")]:
            monkeypatch.delenv(name)
        said: dict[str, Path | str] = {"cluster_prefix": prefix, "cluster_ca_file": node.files / "ca.pem"}
        if user is not None:
            said |= {"cluster_user": user, "cluster_password_file": password}
        for name, value in {**said, "engine": "opensearch", "hosts": node.hosts[0], **settings}.items():
            monkeypatch.setenv(f"TIMTIN_{name.upper()}", str(value))
        return run

    def run(*arguments: str, code: int = 0) -> str:
        done = timtin(*arguments, cwd=tmp_path)
        assert done.returncode == code, done.stderr
        return str(done.stderr if code else done.stdout)

    return become


def here(*arguments: str) -> str:
    """Run a command on a data folder."""
    done = timtin(*arguments, env={name: value for name, value in os.environ.items() if "TIMTIN_" not in name})
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def test_documented_rights_suffice_for_commands(as_user: As, tmp_path: Path) -> None:
    run = as_user("timtin")
    assert "5 added" in run("index", str(SEEDS))
    assert "5 articles" in run("search", "hoi nhap quoc te")
    assert run("suggest", "hoi nha", "--size", "1") == "hội nhập\n"
    run("keys", "add", "an", "--scope", "admin")
    run("index", "--rebuild")
    assert run("check").splitlines() == ["the index agrees with the store", *said_without_kernels()]
    judged = tmp_path / "set"
    judged.mkdir()
    (judged / "docs.jsonl").write_text('{"id": "a", "body": "Giá lúa gạo."}\n', "utf-8")
    (judged / "queries.jsonl").write_text('{"id": "1", "text": "lúa gạo"}\n', "utf-8")
    (judged / "qrels.tsv").write_text("1\ta\t1\n", "utf-8")
    assert json.loads(run("evaluate", str(judged), "--json"))["queries"] == 1
    back = str(tmp_path / "back")
    assert "the same 5 articles" in run("move", "--to", "embedded", "--data", back, "--keys")
    assert here("export", "--data", back) == run("export")
    moved = as_user("timtin", cluster_prefix="timtin-moved")("move", "--to", "opensearch", "--data", back, "--keys")
    assert "the same 5 articles" in moved


def test_documented_rights_suffice_for_a_server(as_user: As, tmp_path: Path) -> None:
    as_user("timtin")
    with reserved_port() as port:
        server = ClusterServer(tmp_path / "server", port, ("--workers", "1", "--watch", str(SEEDS)))
        put = server.write("PUT", "/api/v1/articles/a?wait=true", {"body": "Bưởi da xanh."})
        assert put.json["searchable"], put.body
        wait_for(lambda: server.search("hội nhập")["total"] == 5)
        assert server.write("PATCH", "/api/v1/articles/a?wait=true", {"title": "Mới"}).status == 200
        assert server.request("GET", "/api/v1/articles/a/similar").status == 200
        assert "timtin_free_disk_bytes" in server.request("GET", "/metrics").body.decode()
        task = server.write("POST", "/api/v1/deletions", {"filter": {"to": "2024"}}).json["id"]
        wait_for(lambda: server.request("GET", f"/api/v1/tasks/{task}").json["state"] == "done")
        assert server.request("GET", "/readyz").status == 200
        assert server.stop() == 0
        assert "(403)" not in server.log


def test_documented_rights_suffice_to_back_up(as_user: As, tmp_path: Path) -> None:
    as_user("timtin")("index", str(SEEDS))
    run = as_user("reader")
    exported = run("export")
    restored = tmp_path / "restored"
    restored.mkdir(mode=0o700)
    run("backup", str(restored / "articles.sqlite"))
    assert here("export", "--data", str(restored)) == exported != ""
    said = run("delete", "a", code=1)
    assert said.endswith("security_exception: no permissions for [indices:data/read/mget]\n")


def test_whom_the_cluster_does_not_know_is_told_in_one_line(as_user: As, node: SecuredNode, tmp_path: Path) -> None:
    as_user("timtin", **shown_by(node, "timtin"))("index", str(SEEDS))
    assert "5 articles" in as_user(None, **shown_by(node, "timtin"))("stats")
    wrong = tmp_path / "wrong"
    wrong.write_text("sai", "utf-8")
    for user, settings, message in (
        ("timtin", {"cluster_password_file": wrong}, "(401): look at cluster.user"),
        (None, {"cluster_api_key_file": wrong}, "(401)"),
        (None, shown_by(node, "node"), "(403): give the user the right"),
        (None, shown_by(node, "foreign"), "at cluster.certificate_file"),
        ("timtin", {"cluster_ca_file": node.files / "foreign.pem"}, "as cluster.ca_file"),
        ("timtin", {"hosts": node.hosts[0].replace("127.0.0.1", "localhost")}, "not for this host"),
        ("timtin", {"hosts": node.hosts[0].replace("https", "http"), "cluster_timeout": "1"}, "http or https"),
    ):
        for command in (["stats"], ["serve", "--port", "0"]) if user is None else (["stats"],):
            said = as_user(user, **settings)(*command, code=1)
            assert (said.count("\n"), message in said) == (1, True), said


def shown_by(node: SecuredNode, name: str) -> dict[str, Path]:
    files = {"cluster_certificate_file": "pem", "cluster_certificate_key_file": "key"}
    return {setting: node.files / f"{name}.{kind}" for setting, kind in files.items()}
