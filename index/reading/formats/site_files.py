"""Files beside the pages of a site that are no articles: the parts of a saved page, feeds, sitemaps, search data."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PAGE = re.compile(r"(.+)\.(?:html?|xhtml|xht)", re.IGNORECASE | re.DOTALL)
_SAVED_PARTS = re.compile(r"(.+)(?:_files|\.files|_tập tin|_tệp)", re.DOTALL)
_SITE_FILE = re.compile(
    r"(?:index|feed|rss|atom|sitemap[\w-]*)\.xml|(?:index|search|search[-_]?index|manifest)\.json"
    r"|(?:robots|ads|app-ads|humans|llms|llms-full|security)\.txt"
)


def pages_among(names: Iterable[str]) -> set[str]:
    """Return the names of the pages among files, without their suffixes."""
    return {found[1] for name in names if (found := _PAGE.fullmatch(name))}


def has_parts_of_page(folder: str, pages: set[str]) -> bool:
    """Tell whether a folder has the parts of a page that was saved beside it; ``pages`` as of ``pages_among``."""
    found = _SAVED_PARTS.fullmatch(folder)
    return found is not None and found[1] in pages


def is_of_site(name: str, pages: set[str]) -> bool:
    """Tell whether a file is one that a site has beside its front page or a section: it lists other pages."""
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}index" in pages and _SITE_FILE.fullmatch(last) is not None


def is_beside(name: str, pages: set[str]) -> bool:
    """Tell whether a file, given by its path, is no article by what stands beside it or beside a folder it is in."""
    at = name.find("/")
    while at >= 0:
        if has_parts_of_page(name[:at], pages):
            return True
        at = name.find("/", at + 1)
    return is_of_site(name, pages)
