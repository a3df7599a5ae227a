"""A site to fetch from, and the articles it brings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from index.article import Article
from index.fetching.fetch import FetchOptions, fetch
from index.reading.import_run import SILENT, Report, Summary
from search.archive import Archive
from tests.site import Site, running_site

Fetch = Callable[..., Summary]


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def take(site: Site, archive: Archive) -> Fetch:
    """Fetch paths of the site into the engine."""

    def take(*paths: str, report: Report = SILENT, **more: Any) -> Summary:
        urls = [site.root + path for path in paths]
        options = FetchOptions(**{"delay": 0.0, "allow_private": True, **more})
        return fetch(urls, archive.store, archive.engine, options, report)

    return take


def articles(archive: Archive) -> dict[str, Article]:
    return {article.id.partition("/")[2]: article for article in archive.store.articles()}


def why(summary: Summary) -> str:
    return "\n".join(f"{failure.where}: {failure.why}" for failure in summary.failed)
