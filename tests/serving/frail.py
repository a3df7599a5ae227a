"""``timtin serve`` with addresses that do what no view may do. ``python -m tests.serving.frail serve ...``"""

from __future__ import annotations

import os
import re
import threading
import time
from pathlib import Path
from typing import Any

from flask import Flask, request

from web.access import ANY_SIZE, Scope, needs
from web.app import create_app
from web.cli import main
from web.serving import worker

_kept: list[bytes] = []


def hang() -> str:
    """Answer never, and let others work."""
    while True:
        time.sleep(60)


@needs(Scope.WRITE, body=ANY_SIZE)
def store() -> str:
    """Be at work for five seconds, as with many articles."""
    time.sleep(5)
    return "stored"


def hold() -> str:
    """Hold the interpreter, so that no other thread works."""
    return str(re.match("(a*)*b", "a" * 60))


def grow() -> str:
    """Take so many megabytes and keep them."""
    _kept.extend(b"x" * (1 << 20) for _ in range(int(request.args["mb"])))
    return "taken"


def blind() -> str:
    """Have the process fail to measure its memory, once."""
    measure = worker._memory_mb

    def fail() -> int:
        worker._memory_mb = measure
        raise ValueError("no memory to be seen")

    worker._memory_mb = fail
    return "blind"


def meet() -> str:
    """Answer once so many requests are at work at once, or have been."""
    place = Path(request.args["place"])
    (place / f"{os.getpid()} {threading.get_ident()}").touch()
    while len(list(place.iterdir())) < int(request.args["guests"]):
        time.sleep(0.01)
    return "met"


def create_frail_app(*arguments: Any, **options: Any) -> Flask:
    app = create_app(*arguments, **options)
    for view in (hang, hold, grow, blind, meet):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    app.add_url_rule("/store", view_func=store, methods=["POST"])
    return app


if __name__ == "__main__":
    worker.create_app = create_frail_app
    main()
