"""Where an archive is: the engine and the cluster, said by flags, variables and files; secrets stay in their files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from index.errors import TimtinError
from search.archive import ArchiveConfig, open_archive
from tests.processes import timtin
from web.cluster import cluster_of
from web.configuration import SettingsError, load_settings

SECRET = "mat-khau-that"
HOSTS = "https://a:9200,https://b:9200"


def settings(tmp_path: Path, **more: str) -> Any:
    return load_settings({"data": tmp_path, "engine": "opensearch", "hosts": HOSTS}, more)


def said_by(tmp_path: Path, *arguments: str, **environment: str) -> str:
    """What a command says when it fails: one line."""
    done = timtin(*arguments, cwd=tmp_path, env={**os.environ, **environment})
    assert done.returncode in {1, 2}, done.stdout
    assert "Traceback" not in done.stderr
    if done.returncode == 1:
        assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


def test_everything_of_a_cluster_comes_from_settings_and_secrets_from_files(tmp_path: Path) -> None:
    for name in ("password", "ca", "certificate", "key"):
        (tmp_path / name).write_text(f" {SECRET} {name}\n")
    (tmp_path / "timtin.toml").write_text(
        '[cluster]\nprefix = "tin"\nshards = 3\nreplicas = 2\nuser = "an"\npassword_file = "password"\n'
        'ca_file = "ca"\ncertificate_file = "certificate"\ncertificate_key_file = "key"\ntimeout = 5\n'
    )
    config = cluster_of(settings(tmp_path))
    assert config is not None
    assert config.hosts == ("https://a:9200", "https://b:9200")
    assert (config.prefix, config.shards, config.replicas, config.timeout) == ("tin", 3, 2, 5.0)
    assert (config.user, config.password, config.ca) == ("an", f"{SECRET} password", f"{SECRET} ca")
    assert (config.certificate, config.certificate_key) == (tmp_path / "certificate", tmp_path / "key")
    assert SECRET not in f"{config!r} {config}"
    assert cluster_of(load_settings({"data": tmp_path}, {})) is None


def test_secrets_that_cannot_be_read_are_named_by_their_files(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "bytes").write_bytes(b"\xff")
    wrong = {
        "TIMTIN_CLUSTER_USER": "an",
        "TIMTIN_CLUSTER_PASSWORD_FILE": str(tmp_path / "none"),
        "TIMTIN_CLUSTER_API_KEY_FILE": str(tmp_path / "empty"),
        "TIMTIN_CLUSTER_CA_FILE": str(tmp_path / "bytes"),
        "TIMTIN_CLUSTER_CERTIFICATE_FILE": str(tmp_path),
    }
    with pytest.raises(SettingsError) as raised:
        cluster_of(settings(tmp_path, **wrong))
    assert [problem.partition(":")[0] for problem in raised.value.problems] == [
        "cluster.password_file",
        "cluster.api_key_file",
        "cluster.ca_file",
        "cluster.certificate_file",
        "cluster.user and cluster.api_key_file",
        "cluster.certificate_file and cluster.certificate_key_file",
    ]
    with pytest.raises(SettingsError, match="set both, or none"):
        cluster_of(settings(tmp_path, TIMTIN_CLUSTER_USER="an"))


@pytest.mark.parametrize("command", ["serve", "stats", "export", "check", "config"])
def test_a_cluster_without_hosts_is_refused(tmp_path: Path, command: str) -> None:
    said = said_by(tmp_path, command, "--engine", "opensearch")
    assert said.startswith("timtin: flag --engine: engine = 'opensearch': name the nodes of the cluster with --hosts")


def test_hosts_without_their_engine_are_refused(tmp_path: Path) -> None:
    assert "add that, or leave them out" in said_by(tmp_path, "stats", "--hosts", HOSTS)
    assert "'whoosh' is not one of 'embedded', 'opensearch'" in said_by(tmp_path, "stats", "--engine", "whoosh")
    assert "environment TIMTIN_ENGINE: engine = 'whoosh': should be" in said_by(
        tmp_path, "stats", TIMTIN_ENGINE="whoosh"
    )


@pytest.mark.parametrize("flag", [True, False])
def test_a_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path, flag: bool) -> None:
    host = f"https://an:{SECRET}@a:9200"
    arguments = ["--hosts", host] if flag else []
    environment = {} if flag else {"TIMTIN_HOSTS": host}
    said = said_by(tmp_path, "stats", "--engine", "opensearch", *arguments, **environment)
    assert "without user and password" in said
    assert SECRET not in said


def test_config_shows_the_names_of_files_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "password").write_text(SECRET)
    environment = {"TIMTIN_CLUSTER_PASSWORD_FILE": str(tmp_path / "password"), "TIMTIN_CLUSTER_USER": "an"}
    done = timtin("config", "--json", "--engine", "opensearch", "--hosts", HOSTS, env={**os.environ, **environment})
    values = json.loads(done.stdout)
    assert values["cluster.password_file"]["value"] == str(tmp_path / "password")
    assert values["hosts"] == {"value": HOSTS.split(","), "from": "flag --hosts"}
    assert SECRET not in done.stdout + done.stderr


def test_commands_heed_what_the_file_of_the_data_folder_says_of_the_cluster(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    where = 'engine = "opensearch"\nhosts = ["http://127.0.0.1:1"]\n'
    (data / "timtin.toml").write_text(f"{where}[cluster]\ntimeout = 0.1\n")
    assert "no host of the cluster answered" in said_by(tmp_path, "stats", "--data", "data")
    (data / "timtin.toml").write_text("[server]\nprot = 2\n")
    assert "there is no such setting" in said_by(tmp_path, "config")
    assert timtin("keys", "list", "--data", str(data)).returncode == 0  # what does not say where it is


def test_a_cluster_needs_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = cluster_of(settings(tmp_path))
    monkeypatch.setattr("search.archive.find_spec", lambda name: None)
    with pytest.raises(TimtinError, match=r"pip install 'timtin\[opensearch\]'"):
        open_archive(ArchiveConfig(tmp_path, cluster=config))


def test_an_archive_in_a_data_folder_loads_nothing_of_a_cluster(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from web.app import create_app; import web.cli, web.serving.prefork;"
        "from search.archive import ArchiveConfig, open_archive;"
        "archive = open_archive(ArchiveConfig(Path(sys.argv[1]))); create_app(archive); archive.close();"
        "print([name for name in sys.modules if name.startswith(('opensearchpy', 'index.cluster.connection'))])"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "data")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("[]\n", 0), done.stderr
