"""Sending files in: first a dry run that shows how each would be read, then "index these" stores their articles."""

from __future__ import annotations

import shutil
import tempfile
from typing import IO, Any

from flask import Flask, Request, Response, current_app, request
from flask_babel import gettext
from werkzeug.wrappers import Response as AnyResponse

from index.errors import DiskFullError
from index.reading.formats.registry import KNOWN
from search.archive import Archive
from web.access import ANY_SIZE
from web.desk.blueprint import form_at, page_at, see, shown
from web.desk.dry_run import Outcome, bring_in, look
from web.desk.kept_uploads import MOST_FILES, KeptUploads
from web.services import services
from web.settings import Settings

_IN_MEMORY = 64 * 1024
_LONGEST_NAME = 200


class _Request(Request):
    """A request whose large files go into the data folder while they are read, not into one that others share."""

    def _get_file_stream(self, total_content_length: int | None, *_about: Any, **_more: Any) -> IO[bytes]:
        home = services().archive.home
        wanted = _settings().limits.free_disk_mb * 1_000_000 + (total_content_length or 0)
        if shutil.disk_usage(home).free < wanted:
            raise DiskFullError("there is no room to receive the files: free some space, and send them again")
        return tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(home))


def init_app(app: Flask) -> None:
    """Let the desk of ``app`` take files; what was forgotten there is deleted."""
    app.request_class = _Request
    with app.app_context():
        _kept().tidy()


@page_at("/upload")
def upload() -> Response:
    """Show the form."""
    _kept().tidy()
    return _form()


@form_at("/upload", body=ANY_SIZE)
def look_at_files() -> AnyResponse:
    """Keep the files and show how they would be read; store nothing."""
    files = [file for file in request.files.getlist("files") if file.filename]
    if not files:
        return _form(gettext("Choose at least one file."))
    if len(files) > MOST_FILES:
        return _form(gettext("Send at most %(most)d files at a time.", most=MOST_FILES))
    id = _kept().keep([(_shown_name(file.filename or ""), file.stream) for file in files])
    return see("uploaded", id=id)


@page_at("/upload/<id>")
def uploaded(id: str) -> Response:
    """Show how the files of an upload would be read."""
    files = _kept().files(id)
    if files is None:
        return _gone()
    store, limits = services().archive.store, _settings().limits
    outcomes = [look(path, sent.name, sent.size, store, limits) for sent, path in files]
    return shown("uploaded.html", id=id, outcomes=outcomes, articles=sum(one.articles for one in outcomes))


@form_at("/upload/<id>/index")
def index_upload(id: str) -> Response:
    """Store the articles of an upload and show what became of each file."""
    kept = _kept()
    files = kept.files(id)
    if files is None:
        return _gone()
    archive, limits = services().archive, _settings().limits
    outcomes, seq = [], 0
    for sent, path in files:
        outcome, last = bring_in(path, sent.name, sent.size, archive.store, limits)
        outcomes.append(outcome)
        seq = max(seq, last)
    kept.drop(id)
    if seq:
        _note_task(archive, seq, outcomes)
    return shown("indexed.html", outcomes=outcomes)


@form_at("/upload/<id>/drop")
def drop_upload(id: str) -> AnyResponse:
    """Delete the files of an upload without indexing them."""
    _kept().drop(id)
    return see("upload")


def _note_task(archive: Archive, seq: int, outcomes: list[Outcome]) -> None:
    """Record the upload as a task, which is done once searches see it, and have the follower look."""
    names = ("added", "updated", "unchanged", "refused")
    counts = {name: sum(getattr(one, name) for one in outcomes) for name in names}
    refusals = enumerate(f"{one.name}: {bad.why}" for one in outcomes for bad in one.refusals)
    archive.store.tasks.written(
        seq,
        {"received": sum(counts.values()), **counts},
        [{"index": at, "detail": why} for at, why in refusals],
    )
    services().follower.wrote(sum(counts.values()))


def _form(wrong: str | None = None, status: int | None = None) -> Response:
    most = _settings().limits.body_mb
    answered = status or (200 if wrong is None else 400)
    return shown("upload.html", answered, wrong=wrong, known=KNOWN, most_mb=most, most_files=MOST_FILES)


def _gone() -> Response:
    return _form(gettext("These files are not kept any more: send them again."), 404)


def _shown_name(name: str) -> str:
    """Return the name of a file without folders and control characters, as text; it is never a path."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    tidy = "".join(letter if letter.isprintable() else "_" for letter in last)
    return tidy.encode("utf-8", "replace").decode("utf-8")[-_LONGEST_NAME:] or "_"


def _kept() -> KeptUploads:
    limits = _settings().limits
    return KeptUploads(services().archive.home, limits.body_mb << 20, limits.free_disk_mb * 1_000_000)


def _settings() -> Settings:
    settings = current_app.config["SETTINGS"]
    assert isinstance(settings, Settings)
    return settings
