"""An archive of a few texts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.article import Article
from search.archive import Archive
from search.runtime.index_follower import bring_in_sync


@pytest.fixture
def articles(archive: Archive) -> Callable[..., Archive]:
    def index(*bodies: str) -> Archive:
        archive.store.put([Article(id=f"a{number}", body=body) for number, body in enumerate(bodies)])
        bring_in_sync(archive)
        return archive

    return index
