"""The blueprint with all routes of the desk; importing this module adds them."""

from __future__ import annotations

from flask import Flask

from web.desk import blueprint, facts, keys, overview, searches, sign_in, synonyms, tasks, upload
from web.desk.blueprint import desk

__all__ = ["desk", "init_app", "keys", "overview", "searches", "sign_in", "synonyms", "tasks", "upload"]


def init_app(app: Flask) -> None:
    """Give the desk of ``app`` what it needs: tokens in forms, sizes and times in words, room for files."""
    blueprint.init_app(app)
    upload.init_app(app)
    app.add_template_filter(facts.shown_size, "shown_size")
    app.add_template_filter(facts.shown_time, "shown_time")
    app.add_template_filter(facts.shown_day, "day_shown")
