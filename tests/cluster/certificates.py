"""Certificates for the nodes and the clients of a cluster."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest


def certify(folder: Path) -> None:
    """Make ``ca.pem``, and ``node``, ``admin`` and ``timtin`` which it has signed; ``foreign`` is signed by itself.

    Each has a ``.key``; node is for 127.0.0.1.
    """
    if shutil.which("openssl") is None:
        pytest.skip("no openssl to make certificates: apt-get install openssl, then make test")
    for name in ("ca", "foreign", "node", "admin", "timtin"):
        signed = [] if name in {"ca", "foreign"} else ["-CA", "ca.pem", "-CAkey", "ca.key"]
        hosts = ["-addext", "subjectAltName=IP:127.0.0.1"] if name == "node" else []
        made = ["-subj", f"/O=tests/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2"]
        command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *signed, *hosts, *made]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
