"""All routes of ``/api/v1``: importing this gives the blueprint with every one of them."""

from __future__ import annotations

from web.api import articles, search, tasks
from web.api.blueprint import api

__all__ = ["api", "articles", "search", "tasks"]
