"""The blueprint of the pages for people, to which the other modules add their routes, and what these share."""

from __future__ import annotations

import re

from flask import Blueprint, Response, make_response

pages = Blueprint("pages", __name__)

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def printable(markup: str) -> str:
    """Return markup without the control characters that neither XML nor HTML allows."""
    return _NOT_XML.sub("", markup)


def page(html: str, status: int = 200) -> Response:
    """Return a page as a response."""
    return make_response(printable(html), status)
