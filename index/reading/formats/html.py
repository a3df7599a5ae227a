"""HTML: the article in a page, without what surrounds it."""

from __future__ import annotations

from typing import Any

from index.errors import UnreadableFileError


def html_fields(text: str, url: str | None = None) -> dict[str, Any]:
    """Return the fields of the article in a page, without what surrounds it; ``url`` is where the page came from.

    Raises UnreadableFileError if no article can be found.
    """
    # imported here: it takes half a second, and most folders have no HTML
    from trafilatura import bare_extraction

    try:
        page = bare_extraction(text, url=url, with_metadata=True, include_comments=False, include_tables=True)
    except Exception as error:  # a page may break the parser in any way
        raise UnreadableFileError(f"is HTML that cannot be read: {type(error).__name__}") from error
    if page is None or isinstance(page, dict) or not page.text:
        raise UnreadableFileError("has no article text that can be told apart from the page around it")
    body = "\n\n".join(line.strip() for line in page.text.splitlines() if line.strip())
    return {
        "title": page.title or "",
        "body": body,
        "lead": page.description or body.partition("\n")[0],
        "published": page.date,
        "source": page.sitename or page.hostname,
        "url": page.url,
        "author": page.author,
        "category": "; ".join(page.categories) if page.categories else None,
    }
