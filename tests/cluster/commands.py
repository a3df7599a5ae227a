"""The commands and servers of timtin on a cluster, in processes of their own."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster import given
from tests.conftest import Server
from tests.processes import reserved_port, timtin

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SHOWN_ONCE = "which is shown this once: "


@pytest.fixture
def on_cluster(cluster_hosts: list[str], prefix: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command on an archive on the cluster; it has no data folder."""
    for name, value in {**given.ENVIRONMENT, "TIMTIN_CLUSTER_PREFIX": prefix}.items():
        monkeypatch.setenv(name, value)
    flags = "--engine", "opensearch", "--hosts", ",".join(cluster_hosts)

    def run(*arguments: str, code: int = 0, **options: object) -> subprocess.CompletedProcess[str]:
        done = timtin(*arguments, *flags, cwd=tmp_path, **options)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == code, done.stderr
        return done

    return run


class ClusterServer(Server):
    """``timtin serve`` on a cluster, in a folder for its log alone."""

    def __init__(self, folder: Path, port: int, flags: Sequence[str], made_key: str = "") -> None:
        folder.mkdir()
        self._made_key = made_key
        super().__init__(folder / "none", port, *flags)

    @property
    def log(self) -> str:
        """What it has said on standard error."""
        return (self.data.parent / "server.log").read_text("utf-8")

    @property
    def key(self) -> str:
        """A key that may do all: one that was made before, or the one that it has made and shown."""
        return self._made_key or self.log.partition(SHOWN_ONCE)[2].split()[0]


@pytest.fixture
def serve_cluster(
    cluster_hosts: list[str], prefix: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., ClusterServer]]:
    """Start servers on the archive on the cluster; each has a port of its own."""
    for name, value in {**given.ENVIRONMENT, "TIMTIN_CLUSTER_PREFIX": prefix}.items():
        monkeypatch.setenv(name, value)
    flags = "--engine", "opensearch", "--hosts", ",".join(cluster_hosts), "--workers", "1"
    with ExitStack() as ports:

        def start(name: str, key: str = "", *more: str) -> ClusterServer:
            port = ports.enter_context(reserved_port())
            return ClusterServer(tmp_path / name, port, (*flags, *more), key)

        yield start


def exported(data: Path) -> bytes:
    """Return what ``timtin export`` writes of a data folder."""
    environment = {**os.environ, "TIMTIN_DATA": str(data)}
    done = timtin("export", env=environment, text=False)
    assert (done.returncode, done.stderr) == (0, b"")
    written = done.stdout
    assert isinstance(written, bytes)
    return written
