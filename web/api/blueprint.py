"""The blueprint of ``/api/v1``, to which the other modules add their routes, and what these share."""

from __future__ import annotations

from flask import Blueprint, current_app
from werkzeug.exceptions import NotFound
from werkzeug.routing import PathConverter

from index.article import Article
from web.problems import NO_ARTICLE
from web.services import services

api = Blueprint("api", __name__, url_prefix="/api/v1")

_LONGEST_WAIT = 60.0


class ArticleId(PathConverter):
    """The id of an article that is written. What ends in ``/similar`` is only read: its articles are not one."""

    regex = "[^/].*?(?<!/similar)"


def stored_article(id: str) -> Article:
    """Return the article with this id; raise NotFound if there is none."""
    article = services().archive.store.get(id)
    if article is None:
        raise NotFound(NO_ARTICLE)
    return article


def made_searchable(seq: int, count: int, *, wait: bool) -> bool:
    """Return whether searches see the last ``count`` writes, up to sequence number ``seq``.

    With ``wait``, first wait until they do, for at most ``WAIT_SECONDS``; without, only notify the follower.
    """
    here = services()
    if not wait:
        here.follower.wrote(count)
        return here.archive.in_sync(seq)
    timeout = min(_LONGEST_WAIT, float(current_app.config["WAIT_SECONDS"]))
    return here.follower.wait_until_searchable(seq, timeout)
