"""The blueprint with all routes of ``/api/v1``; importing this module adds them."""

from __future__ import annotations

from web.api import articles, bulk, deletions, export, search, tasks
from web.api.blueprint import api

__all__ = ["api", "articles", "bulk", "deletions", "export", "search", "tasks"]
