"""The blueprint with all routes of the pages; importing this module adds them."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext
from markupsafe import Markup

from search.query.notes import MESSAGES, Note
from web.pages import article_page, browsers, docs_page, feeds, search_page, shown, sitemaps
from web.pages.blueprint import pages

__all__ = ["article_page", "browsers", "docs_page", "feeds", "init_app", "pages", "search_page", "sitemaps"]


def init_app(app: Flask) -> None:
    """Give templates filters for dates, marks and notes."""
    app.add_template_filter(shown.day, "shown_date")
    app.add_template_filter(shown.atom_time, "atom_time")
    app.add_template_filter(lambda html: Markup(html), "marked")  # noqa: S704 - made by search.snippets.fragments.render
    app.add_template_filter(_said, "said")


def _said(note: Note) -> str:
    """Return the sentence of a note in the language of the page."""
    return str(gettext(MESSAGES[note.code])).format(text=note.text, allowed=note.allowed)
