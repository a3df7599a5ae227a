"""A data folder is its owner's alone; one that cannot be used is refused in a line that says what to do."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from index.directory.data_folder import open_data_folder
from index.errors import StoreError
from tests.conftest import Server
from tests.processes import TIMTIN, bound_by_permissions

NOBODY = 65534


def test_folder_that_may_not_be_written_to(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    data.chmod(0o500)
    command = [*bound_by_permissions(), *TIMTIN, "stats", "--data", str(data)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    data.chmod(0o700)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "cannot be written to; name another with --data or TIMTIN_DATA" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user: sudo make test")
def test_folder_of_another_user(tmp_path: Path) -> None:
    open_data_folder(tmp_path / "data")
    os.chown(tmp_path / "data", NOBODY, NOBODY)
    with pytest.raises(StoreError, match="belongs to another user; run timtin as its owner"):
        open_data_folder(tmp_path / "data")


def test_folder_is_closed_to_others(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o755)
    open_data_folder(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_folder_of_a_service_without_its_store_is_still_one(serve: Callable[..., Server]) -> None:
    server = serve()
    assert server.write("PUT", "/api/v1/articles/a1?wait=true", {"title": "Giá lúa tăng"}).status == 201
    assert server.stop() == 0
    shutil.rmtree(server.data / "indexes")
    for file in server.data.glob("articles.sqlite*"):
        file.unlink()
    left = {file.name for file in server.data.iterdir()}
    assert {"api-key", "follower.lock"} <= left
    open_data_folder(server.data)
