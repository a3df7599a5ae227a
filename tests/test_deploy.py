"""What is offered to run timtin with, units of systemd and a Containerfile, fits the program and is strict."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import yaml

from tests.conftest import ROOT, Server
from tests.processes import timtin
from web.cli import main
from web.configuration import FIELDS, load_settings, variable_of
from web.settings import Settings

DEPLOY = ROOT / "deploy"
UNITS = sorted(path.name for path in DEPLOY.glob("timtin*.*"))
SERVICES = [name for name in UNITS if name.endswith(".service")]
PROGRAM = "/opt/timtin/bin/timtin"
MOST_EXPOSED = 1.5


def entries(unit: str) -> dict[str, list[str]]:
    """Return the values of each name in a unit."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", (DEPLOY / unit).read_text("utf-8"), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def instructions() -> list[tuple[str, str]]:
    """Return the instructions of the Containerfile with what follows them, those over several lines as one."""
    lines = (DEPLOY / "Containerfile").read_text("utf-8").replace("\\\n", "").splitlines()
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines if line and line[0] != "#")]


def parse(arguments: list[str]) -> None:
    """Have the command line understand arguments, without running them. Raises click.UsageError."""
    command = main.commands[arguments[0]]
    assert isinstance(command, click.Command)
    command.make_context(arguments[0], arguments[1:])


def analyze(tmp_path: Path, *arguments: str) -> str:
    """Run systemd-analyze on copies of the units that name the program under test; return what it says."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze: apt-get install systemd, then make test")
    for name in UNITS:
        text = (DEPLOY / name).read_text("utf-8").replace(PROGRAM, str(Path(sys.executable).parent / "timtin"))
        (tmp_path / name).write_text(text, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", *arguments], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    told = analyze(tmp_path, "verify", "--man=no", *(f"./{name}" for name in UNITS))
    assert "timtin" not in told


@pytest.mark.parametrize("name", SERVICES)
def test_services_are_hardened(tmp_path: Path, name: str) -> None:
    told = analyze(tmp_path, "security", "--no-pager", "--offline=true", f"./{name}")
    score = re.search(rf"exposure level for {re.escape(name)}: ([\d.]+)", told)
    assert score is not None
    assert float(score[1]) < MOST_EXPOSED
    version = analyze(tmp_path, "--version").split()[1]
    guide = (ROOT / "docs" / "operating.md").read_text("utf-8")
    measured = re.search(r"`systemd-analyze security` \((\d+)\)", guide)
    assert measured is not None
    if version == measured[1]:  # another release may count otherwise
        assert f"{score[1]} for `{name}`" in guide


@pytest.mark.parametrize("name", SERVICES)
def test_services_run_what_there_is(name: str) -> None:
    unit = entries(name)
    program, *arguments = shlex.split(unit["ExecStart"][0])
    assert program == PROGRAM
    parse(arguments)
    variables = dict(pair.split("=") for line in unit["Environment"] for pair in line.split())
    assert set(variables) <= {variable_of(setting) for setting in FIELDS}
    folders = [f"/var/lib/{folder}" for folder in unit["StateDirectory"][0].split()]
    assert variables["TIMTIN_DATA"] in folders
    assert {part for part in arguments if part.startswith("/")} <= set(folders)


def test_service_may_take_longer_to_stop_than_its_processes() -> None:
    unit = entries("timtin.service")
    assert unit["KillMode"] == ["mixed"]
    assert int(unit["TimeoutStopSec"][0]) > Settings().server.drain_seconds + 5
    assert int(unit["LimitNOFILE"][0]) > 2 * Settings().limits.connections


def test_container_is_of_files_there_are_and_runs_as_a_user() -> None:
    steps = instructions()
    named = dict(steps)
    assert named["USER"].split(":")[0].isdecimal()
    assert named["USER"].split(":")[0] != "0"
    assert named["EXPOSE"] == str(Settings().server.port)
    variables = dict(pair.split("=") for pair in named["ENV"].split())
    assert set(variables) - {"PATH"} <= {variable_of(setting) for setting in FIELDS}
    assert variables["TIMTIN_DATA"] == named["VOLUME"]
    copied = {name for word, rest in steps if word == "COPY" and "--from" not in rest for name in rest.split()[:-1]}
    assert all((ROOT / name).exists() for name in copied)
    assert copied - {"."} <= set(sent())
    parse(re.findall(r'"([^"]+)"', named["ENTRYPOINT"] + named["CMD"])[1:])


def test_compose_file_starts_nodes_that_know_each_other_and_servers_that_know_them() -> None:
    """It was not run: no engine of containers was at hand."""
    whole = yaml.safe_load((DEPLOY / "compose-cluster.yml").read_text("utf-8"))
    services = whole["services"]
    nodes = {name: service for name, service in services.items() if name.startswith("node-")}
    servers = {name: service for name, service in services.items() if name.startswith("server-")}
    assert (len(nodes), len(servers)) == (3, 2)
    assert set(services) == set(nodes) | set(servers)
    assert {volume.partition(":")[0] for node in nodes.values() for volume in node["volumes"]} == set(whole["volumes"])
    for name, node in nodes.items():
        variables = node["environment"]
        assert variables["node.name"] == name
        for known in ("discovery.seed_hosts", "cluster.initial_cluster_manager_nodes"):
            assert variables[known].split(",") == sorted(nodes)
        assert "ports" not in node
        assert node["networks"] == ["inside"]
    for server in servers.values():
        variables = server["environment"]
        assert set(variables) <= {variable_of(setting) for setting in FIELDS}
        settings = load_settings({}, variables)
        assert settings.engine == "opensearch"
        assert settings.hosts == tuple(f"http://{name}:9200" for name in sorted(nodes))
        assert all(port.startswith("127.0.0.1:") for port in server["ports"])
        assert set(server["depends_on"]) == set(nodes)
        assert (ROOT / server["build"]["args"]["LOCK"]).exists()
        assert "ARG LOCK=" in (DEPLOY / "Containerfile").read_text("utf-8")
    assert len({port for server in servers.values() for port in server["ports"]}) == 2


def sent() -> list[str]:
    """Return what .dockerignore lets into the image."""
    return [line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")]


@pytest.mark.slow
def test_a_wheel_of_what_the_container_gets_serves(
    tmp_path: Path, serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, installed = tmp_path / "source", tmp_path / "installed"
    for name in sent():
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(path, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(path, source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir"]
    for command in (
        ["wheel", "-q", "--no-index", "--no-deps", "--no-build-isolation", "-w", str(tmp_path / "wheels"), str(source)],
        ["install", "-q", "--no-index", "--no-deps", "--target", str(installed)],
    ):
        wheels = [] if command[0] == "wheel" else [str(path) for path in (tmp_path / "wheels").iterdir()]
        subprocess.run([*pip, *command, *wheels], check=True, timeout=600)
    monkeypatch.setenv("PYTHONPATH", str(installed))
    where = subprocess.run([sys.executable, "-c", "import web; print(web.__file__)"], capture_output=True, check=True)
    assert Path(os.fsdecode(where.stdout).strip()) == installed / "web" / "__init__.py"
    server = serve()
    body = {"title": "Lễ hội cà phê", "body": "Lễ hội cà phê Buôn Ma Thuột khai mạc."}
    assert server.write("PUT", "/api/v1/articles/a1?wait=true", body).status == 201
    found = server.search("Ban Mê Thuột")  # from places.txt
    assert [hit["id"] for hit in found["hits"]] == ["a1"]
    page = server.request("GET", "/?q=cà".replace("à", "%C3%A0"), Accept="text/html").body.decode()
    assert "Lễ hội" in page
    for file in set(re.findall(r'(?:href|src)="[^"]*?(/static/[^"]+)"', page)):
        assert server.request("GET", file).status == 200
    assert server.request("GET", "/docs").status == 200
    assert server.stop() == 0
    assert timtin("check", "--data", str(server.data)).returncode == 0
