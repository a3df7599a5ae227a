"""The synonyms, edited with a preview: which lines are not understood, and what a query would find with the rest."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout
from flask import Response, flash, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from index.atomic_file import write_whole
from index.errors import StoreError
from search.archive import Archive
from search.parameters import LONGEST_ACCEPTED, SearchParameters
from search.query.synonyms import MOST_SYNONYMS, LineProblem, LineProblemCode, SynonymText
from search.service import RenderedHit, search
from web.desk.blueprint import form_at, page_at, see, shown
from web.services import deadline, services

LARGEST = 1_000_000
"""The largest text that is edited here, in bytes."""
_FORM = 4 * LARGEST  # as browsers encode it
_NAME = "synonyms.txt"
_TOP = 10
_LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Compared:
    """A hit with the new synonyms and its place with the old ones, None if it was not among the first."""

    hit: RenderedHit
    before: int | None


@page_at("/synonyms")
def synonyms() -> Response:
    """Show the synonyms as they are."""
    text, digest, wrong = _read(_file())
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
        if (wrong := _save(_file(), text, digest)) is None:
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


def _file() -> Path:
    return services().archive.home / _NAME


def _read(file: Path) -> tuple[str, str, str | None]:
    """Return the text of the file, its digest, and why it cannot be edited here, if so."""
    try:
        data = file.read_bytes() if file.exists() else b""
        if len(data) > LARGEST:
            return "", "", gettext("Synonyms of more than 1 MB are not edited here.")
        return data.decode("utf-8-sig"), _digest(data), None
    except OSError as error:
        raise StoreError(f"the synonyms cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        return "", "", gettext("The file synonyms.txt is not UTF-8; it cannot be edited here.")


def _save(file: Path, text: str, digest: str) -> str | None:
    """Put ``text`` into the file if its digest still is ``digest``; return why not. Raises StoreError."""
    try:
        with FileLock(file.parent / "desk.lock").acquire(timeout=_LOCK_SECONDS):
            data = file.read_bytes() if file.exists() else b""
            if _digest(data) != digest:
                return str(
                    gettext(
                        "The synonyms have changed meanwhile, so yours were not saved."
                        " Copy what you need, load the page again and put it in there."
                    )
                )
            mode = 0o600
            with suppress(FileNotFoundError):
                mode = file.stat().st_mode & 0o777
            write_whole(file, text.encode("utf-8", "replace"), mode)
    except Timeout:
        return str(gettext("Somebody else is saving the synonyms just now; try again."))
    except OSError as error:
        raise StoreError(f"the synonyms cannot be written: {error.strerror}") from error
    return None


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
