"""The blueprint with all routes of the pages; importing this module adds them."""

from __future__ import annotations

from flask import Flask
from flask_babel import gettext
from markupsafe import Markup

from search.query.notes import MESSAGES, Note
from search.snippets.reasons import Reason, ReasonCode
from web.pages import article_page, browsers, docs_page, feeds, search_page, shown, sitemaps
from web.pages.blueprint import pages

__all__ = ["article_page", "browsers", "docs_page", "feeds", "init_app", "pages", "search_page", "sitemaps"]


def init_app(app: Flask) -> None:
    """Give templates filters for dates, numbers, marks, notes and reasons."""
    for name in ("atom_time", "day", "first_day", "last_day", "moment", "names", "number", "passages", "period"):
        app.add_template_filter(getattr(shown, name), name)
    app.add_template_filter(lambda html: Markup(html), "marked")  # noqa: S704 - made by search.snippets.fragments.render
    app.add_template_filter(said, "said")
    app.add_template_filter(because, "because")
    app.jinja_env.globals["article_address"] = article_page.article_address


def said(note: Note) -> str:
    """Return the sentence of a note in the language of the page."""
    return str(gettext(MESSAGES[note.code])).format(text=note.text, allowed=note.allowed)


def because(reason: Reason) -> str | None:
    """Return why a hit was found, as readers say it; None for what the page says of all such hits together."""
    told = {"typed": reason.typed, "found": reason.found}
    if reason.code is ReasonCode.ACCENTS:
        return str(gettext("Other accents than typed: “%(found)s”", **told))
    if reason.code is ReasonCode.ABBREVIATION:
        return str(gettext("Found by an abbreviation: “%(typed)s” is “%(found)s”", **told))
    if reason.code is ReasonCode.SYNONYM:
        return str(gettext("Found by another name of “%(typed)s”: “%(found)s”", **told))
    if reason.code is ReasonCode.SPELLING and not shown.is_same(reason.typed, reason.found):
        return str(gettext("Found by another spelling of “%(typed)s”: “%(found)s”", **told))
    if reason.code is ReasonCode.SCATTERED and not reason.found:
        return str(gettext("Has the syllables of “%(typed)s” with other accents", **told))
    return None
