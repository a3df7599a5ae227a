"""The synonyms, edited with a preview: which lines are not understood, and what a query would find with the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from flask import Response, flash, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from index.errors import StoreError
from index.shared_texts import SYNONYMS, BusyTextError, SharedTexts
from search.answer import RenderedHit
from search.archive import Archive
from search.parameters import LONGEST_ACCEPTED, SearchParameters
from search.query.synonyms import MOST_SYNONYMS, LineProblem, LineProblemCode, SynonymText
from search.service import search
from web.desk.blueprint import form_at, page_at, see, shown
from web.services import deadline, services

LARGEST = 1_000_000
"""The largest text that is edited here, in bytes."""
_FORM = 4 * LARGEST  # as browsers encode it
_TOP = 10


@dataclass(frozen=True, slots=True)
class _Compared:
    """A hit with the new synonyms and its place with the old ones, None if it was not among the first."""

    hit: RenderedHit
    before: int | None


@page_at("/synonyms")
def synonyms() -> Response:
    """Show the synonyms as they are."""
    text, digest, wrong = _read(services().archive.texts)
    return _page(text, digest, problems=SynonymText(text).lines, wrong=wrong)


@form_at("/synonyms", body=_FORM)
def edit_synonyms() -> AnyResponse:
    """Preview what was typed, or save it unless the file has changed meanwhile."""
    text = "\n".join(request.form.get("text", "").splitlines())
    text = text and f"{text}\n"
    digest, query = request.form.get("digest", ""), request.form.get("q", "")[:LONGEST_ACCEPTED]
    if len(text.encode("utf-8", "replace")) > LARGEST:
        wrong = gettext("Synonyms of more than 1 MB are not edited here.")
        return _page(text, digest, query, wrong=wrong, status=413)
    typed = SynonymText(text)
    if request.form.get("do") == "save":
        if (wrong := _save(services().archive.texts, text, digest)) is None:
            flash(gettext("The synonyms are saved. They apply from now on."))
            return see("synonyms")
        return _page(text, digest, query, typed.lines, wrong, 409)
    archive = services().archive
    before = _first_hits(archive, query)
    after = _first_hits(replace(archive, synonyms=typed), query)
    places = {hit.article.id: place for place, hit in enumerate(before, 1)}
    compared = [_Compared(hit, places.get(hit.article.id)) for hit in after]
    return _page(text, digest, query, typed.lines, previewed=True, before=before, after=compared)


def _page(
    text: str,
    digest: str,
    query: str = "",
    problems: Sequence[LineProblem] = (),
    wrong: str | None = None,
    status: int = 200,
    *,
    previewed: bool = False,
    before: object = (),
    after: object = (),
) -> Response:
    said = [_said(one) for one in problems]
    return shown("synonyms.html", status, text=text, digest=digest, query=query, problems=said, wrong=wrong,
                 previewed=previewed, before=before, after=after)  # fmt: skip


def _said(problem: LineProblem) -> str:
    """Return what is wrong with a line in the language of the page."""
    messages = {
        LineProblemCode.RULE: gettext("Line %(line)d: expected “a, b” or “a => b”, found “%(text)s”."),
        LineProblemCode.SWITCH: gettext("Line %(line)d: expected “!places off”, found “%(text)s”."),
        LineProblemCode.PHRASES: gettext("Line %(line)d has %(count)d phrases; a query searches %(allowed)d at most."),
    }
    given = {"line": problem.line, "text": problem.text, "count": problem.count, "allowed": MOST_SYNONYMS}
    return str(messages[problem.code] % given)


def _first_hits(archive: Archive, query: str) -> list[RenderedHit]:
    """Return the first ten hits, without marks."""
    if not query.strip():
        return []
    return list(search(archive, SearchParameters(q=query, size=_TOP, fragments=0), deadline()).hits)


def _read(texts: SharedTexts) -> tuple[str, str, str | None]:
    """Return the synonyms, their digest, and why they cannot be edited here, if so."""
    try:
        text = texts.read(SYNONYMS)
    except OSError as error:
        raise StoreError(f"the synonyms cannot be read: {error.strerror}") from error
    data = b"" if text is None else text.data
    if len(data) > LARGEST:
        return "", "", gettext("Synonyms of more than 1 MB are not edited here.")
    try:
        return data.decode("utf-8-sig"), _digest(data), None
    except UnicodeDecodeError:
        return "", "", gettext("The file synonyms.txt is not UTF-8; it cannot be edited here.")


def _save(texts: SharedTexts, text: str, digest: str) -> str | None:
    """Replace the synonyms by ``text`` if their digest still is ``digest``; return why not. Raises StoreError."""
    try:
        known = texts.read(SYNONYMS)
        is_same = _digest(b"" if known is None else known.data) == digest
        data, version = text.encode("utf-8", "replace"), None if known is None else known.version
        if is_same and texts.write(SYNONYMS, data, version):
            return None
    except BusyTextError:
        return str(gettext("Somebody else is saving the synonyms just now; try again."))
    except OSError as error:
        raise StoreError(f"the synonyms cannot be written: {error.strerror}") from error
    return str(
        gettext(
            "The synonyms have changed meanwhile, so yours were not saved."
            " Copy what you need, load the page again and put it in there."
        )
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
