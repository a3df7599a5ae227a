"""Files sent to the desk: looked at first, then indexed; names and contents stay text, what is kept stays small."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import shutil
import time
from pathlib import Path

import pytest

from index.errors import DiskFullError
from search.archive import Archive
from tests.desk.conftest import Operator
from tests.reading.made_documents import zipped
from web.app import create_app
from web.desk.kept_uploads import FOLDER, KEPT_SECONDS, MOST_FILES, MOST_KEPT, KeptUploads
from web.services import Services

SCRIPT = "<script>alert(1)</script>"
ARTICLES = [
    {"id": "u1", "title": "Giá lúa tăng", "body": "Nông dân phấn khởi.", "source": "Báo Lúa"},
    {"id": "u2", "title": f"Tin {SCRIPT}", "body": "Nội dung.", "published": "mai"},
    {"id": "u3", "published": "2025-01-01"},
]
LINES = "\n".join(json.dumps(one) for one in ARTICLES).encode() + b"\n{\n"
FILES = {
    "tin.jsonl": LINES,
    "Giá cà phê.txt": "Giá cà phê\n\nCà phê tăng giá ở Đắk Lắk.".encode(),
    "trang.html": f"<html><title>Trang web</title><article><p>{'Nội dung trang. ' * 30}</p></article>".encode(),
    "bảng.csv": "title,body\nMột,Nội dung một\nHai,Nội dung hai\n".encode(),
    "ghi.md.gz": gzip.compress("# Ghi chép\n\nNội dung ghi chép.".encode()),
    "ảnh.png": b"\x89PNG",
    "hỏng.txt.gz": b"not gzip",
    "rỗng.txt": b"",
}


def here(operator: Operator) -> Services:
    found = operator.client.application.extensions["timtin"]
    assert isinstance(found, Services)
    return found


def kept_files(operator: Operator) -> list[Path]:
    return sorted(path for path in (here(operator).archive.home / FOLDER).rglob("*") if path.is_file())


def look(operator: Operator, files: dict[str, bytes]) -> str:
    """Send files, and return the page that says how they would be read."""
    operator.get("/admin/upload")
    sent = [(io.BytesIO(data), name) for name, data in files.items()]
    return operator.send("/admin/upload", {"files": sent}).text


def file_on(page: str, name: str) -> str:
    (found,) = [part for part in page.split('<section class="file">')[1:] if f"<h2>{name}</h2>" in part]
    return found


def test_dry_run_says_how_each_file_would_be_read_and_stores_nothing(operator: Operator) -> None:
    store = here(operator).archive.store
    before = store.last_seq()
    page = look(operator, FILES)
    lines = file_on(page, "tin.jsonl")
    assert "JSON lines" in lines
    assert "2 articles" in lines
    assert "Giá lúa tăng" in lines
    assert "<code>source</code> 1" in lines
    assert "2 refused" in lines
    assert "line 3: article &#39;u3&#39; refused" in lines
    assert "line 4: is not JSON" in lines
    assert "line 2: published:" in lines
    assert "<script>alert" not in page
    assert "text · " in file_on(page, "Giá cà phê.txt")
    assert "Trang web" in file_on(page, "trang.html")
    assert "2 articles" in file_on(page, "bảng.csv")
    assert "Markdown (.gz)" in file_on(page, "ghi.md.gz")
    assert "is in no format that timtin reads" in file_on(page, "ảnh.png")
    assert "1 refused" in file_on(page, "hỏng.txt.gz")
    assert "has no text" in file_on(page, "rỗng.txt")
    assert "Index these 7 articles" in page
    assert store.last_seq() == before
    assert store.tasks.latest(5) == []


def test_indexing_stores_them_and_says_what_became_of_each(operator: Operator) -> None:
    page = look(operator, FILES)
    action = re.search(r'action="(/admin/upload/[0-9a-f]+/index)"', page)
    assert action is not None
    done = operator.send(action[1]).text
    assert "2 added, 0 replaced, 0 unchanged, 2 refused" in file_on(done, "tin.jsonl")
    assert "1 added" in file_on(done, "trang.html")
    assert "0 added, 0 replaced, 0 unchanged, 1 refused" in file_on(done, "ảnh.png")
    store = here(operator).archive.store
    article = store.get("Giá cà phê")
    assert article is not None
    assert article.title == "Giá cà phê"
    assert store.count() == 5 + 7
    (task,) = store.tasks.latest(5)
    assert (task.counts["added"], task.counts["refused"]) == (7, 5)
    assert here(operator).follower.wait_until_searchable(store.last_seq(), 60)
    assert operator.client.get("/api/v1/search?q=cà phê Đắk Lắk").json["total"] >= 1
    assert kept_files(operator) == []
    again = operator.send(action[1])
    assert again.status_code == 404
    assert "not kept any more" in again.text
    page = look(operator, {"tin.jsonl": LINES.replace(b"Gi", b"Ky", 1)})
    assert "2 of them known already" in page
    action = re.search(r'action="(/admin/upload/[0-9a-f]+/index)"', page)
    assert action is not None
    assert "0 added" in operator.send(action[1]).text


def test_what_is_no_article_is_left_out_and_no_refusal(operator: Operator) -> None:
    links = "".join(f"<h2><a href='/{at}'>Giá lúa miền Tây tăng lần {at}</a></h2>" for at in range(4))
    page = look(
        operator,
        {"mục.html": f"<h1>Kinh tế</h1>{links}".encode(), "nháp.md": b"---\ndraft: true\n---\nx", "a.txt": b"Tin\n\nx"},
    )
    for name, why in (("mục.html", "is a list of articles, not an article"), ("nháp.md", "is a draft")):
        part = file_on(page, name)
        assert "1 left out, as it is no article" in part
        assert why in part
        assert "refused" not in part
    action = re.search(r'action="(/admin/upload/[0-9a-f]+/index)"', page)
    assert action is not None
    done = operator.send(action[1]).text
    assert "0 added, 0 replaced, 0 unchanged, 0 refused" in file_on(done, "mục.html")
    assert "1 added" in file_on(done, "a.txt")


@pytest.mark.parametrize(
    "name",
    [
        f"{SCRIPT}.txt",
        "../../../etc/passwd.txt",
        "..\\..\\x.txt",
        "/etc/x.txt",
        "'><img src=x onerror=alert(1)>.txt",
        "a\x00b.txt",
        "list.json.txt",
        "{{7*7}}.txt",
        "x" * 3000 + ".txt",
        "\u202egpj.txt",
    ],
)
def test_name_of_a_file_is_text_and_no_path(operator: Operator, name: str) -> None:
    home = here(operator).archive.home
    before = {path for path in home.parent.rglob("*") if FOLDER not in str(path)}
    page = look(operator, {name: "Tiêu đề\n\nNội dung.".encode()})
    assert "Index this 1 article" in page
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "49.txt" not in page
    assert [path.name for path in kept_files(operator)] == ["1", "list.json"]
    added = {path for path in home.parent.rglob("*") if FOLDER not in str(path)} - before
    assert {path.name for path in added} <= {"articles.sqlite-shm", "articles.sqlite-wal", "follower.lock"}
    action = re.search(r'action="(/admin/upload/[0-9a-f]+/index)"', page)
    assert action is not None
    assert "1 added" in operator.send(action[1]).text


def test_nothing_chosen_and_too_many_are_said(operator: Operator) -> None:
    operator.get("/admin/upload")
    answer = operator.send("/admin/upload", {})
    assert (answer.status_code, "Choose at least one file." in answer.text) == (400, True)
    operator.get("/admin/upload")
    many = {f"{number}.txt": b"a" for number in range(MOST_FILES + 1)}
    assert f"Send at most {MOST_FILES} files" in look(operator, many)
    assert kept_files(operator) == []


def test_dropped_files_are_gone(operator: Operator) -> None:
    page = look(operator, {"a.txt": b"Tin\n\nMot hai ba."})
    action = re.search(r'action="(/admin/upload/[0-9a-f]+/drop)"', page)
    assert action is not None
    assert len(kept_files(operator)) == 2
    assert operator.send(action[1]).request.path == "/admin/upload"
    assert kept_files(operator) == []
    assert here(operator).archive.store.count() == 5


@pytest.mark.parametrize("id", ["0" * 32, "..", "%2e%2e", "x", "0" * 33, "..%2f..%2fdata"])
def test_upload_of_no_such_id_is_not_there(operator: Operator, id: str) -> None:
    assert operator.get(f"/admin/upload/{id}").status_code in {200, 404}
    assert operator.client.get(f"/admin/upload/{id}").status_code in {303, 308, 404}


def test_kept_uploads_are_few_small_and_young(tmp_path: Path) -> None:
    kept = KeptUploads(tmp_path, 1000, 0)
    ids = [kept.keep([("a.txt", io.BytesIO(b"x" * 10))]) for _ in range(MOST_KEPT + 3)]
    assert len([id for id in ids if kept.files(id)]) == MOST_KEPT
    assert kept.files(ids[-1])
    large = kept.keep([("b.txt", io.BytesIO(b"x" * 900)), ("c.txt", io.BytesIO(b"x" * 90))])
    found = kept.files(large)
    assert found is not None
    assert [(sent.name, sent.size, path.name) for sent, path in found] == [("b.txt", 900, "1"), ("c.txt", 90, "2")]
    assert [id for id in ids if kept.files(id)] == []
    folder = tmp_path / FOLDER / large
    old = time.time() - KEPT_SECONDS - 1
    os.utime(folder, (old, old))
    kept.tidy()
    assert not folder.exists()
    (tmp_path / FOLDER / ("0" * 32)).mkdir()
    assert kept.files("0" * 32) is None


def test_forgotten_files_are_gone_once_the_service_starts_again(archive: Archive) -> None:
    forgotten, fresh = (archive.home / FOLDER / (letter * 32) for letter in "ab")
    for folder in (forgotten, fresh):
        folder.mkdir(parents=True)
        (folder / "1").write_text("x")
    os.utime(forgotten, (0, time.time() - KEPT_SECONDS - 60))
    create_app(archive)
    assert not forgotten.exists()
    assert fresh.exists()


@pytest.mark.parametrize(
    "left",
    [
        *("", "{}", "[1]", "[" * 5000),
        '[{"name": "a.txt", "size": 1, "place": "../../api-key"}]',
        '[{"name": 1, "size": "x", "place": "1"}]',
    ],
)
def test_damaged_list_of_an_upload_is_no_upload(operator: Operator, left: str) -> None:
    folder = here(operator).archive.home / FOLDER / ("a" * 32)
    folder.mkdir(parents=True)
    (folder / "list.json").write_text(left)
    assert operator.get(f"/admin/upload/{folder.name}").status_code == 404
    operator.get("/admin/upload")
    assert operator.send(f"/admin/upload/{folder.name}/index").status_code == 404


def test_upload_that_another_process_deletes_takes_the_place_of_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = KeptUploads(tmp_path, 1 << 20, 0)
    ids = [kept.keep([("a.txt", io.BytesIO(b"x"))]) for _ in range(MOST_KEPT)]
    gone = [tmp_path / FOLDER / f"{number:032x}" for number in range(MOST_KEPT)]
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda path: [*listed(path), *(gone if path.name == FOLDER else ())])
    monkeypatch.setattr(Path, "is_dir", lambda _path: True)
    kept.tidy()
    assert all(kept.files(id) for id in ids)


def test_what_else_is_in_the_folder_of_uploads_is_left_alone(operator: Operator) -> None:
    place = here(operator).archive.home / FOLDER
    place.mkdir()
    (place / "notes").write_text("x")
    assert operator.get("/admin/upload").status_code == 200
    assert "tin.jsonl" in look(operator, {"tin.jsonl": LINES})
    assert (place / "notes").exists()
    shutil.rmtree(place)
    place.write_text("no folder")
    assert operator.get("/admin/upload").status_code == 200
    assert "cannot be kept" in look(operator, {"tin.jsonl": LINES})


def test_files_are_not_kept_on_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    kept = KeptUploads(tmp_path, 1000, 1 << 60)
    with pytest.raises(DiskFullError):
        kept.keep([("a.txt", io.BytesIO(b"x"))])
    assert list((tmp_path / FOLDER).iterdir()) == []


def test_large_files_are_not_received_on_a_disk_that_is_nearly_full(operator: Operator) -> None:
    app = operator.client.application
    operator.get("/admin/upload")
    settings = app.config["SETTINGS"]
    limits = settings.limits.model_copy(update={"free_disk_mb": 1_000_000_000})
    app.config["SETTINGS"] = settings.model_copy(update={"limits": limits})
    assert operator.send("/admin/upload", {"files": [(io.BytesIO(b"x"), "a.txt")]}).status_code == 507
    assert kept_files(operator) == []


def test_files_with_too_many_refused_lines_are_not_read_to_their_end(operator: Operator) -> None:
    app = operator.client.application
    settings = app.config["SETTINGS"]
    limits = settings.limits.model_copy(update={"refused_of_body": 5, "lines_of_body": 20})
    app.config["SETTINGS"] = settings.model_copy(update={"limits": limits})
    page = look(operator, {"a.jsonl": b"{\n" * 100, "b.jsonl": b'{"body": "x"}\n' * 100})
    assert "6 refused" in file_on(page, "a.jsonl")
    assert "The rest was not read" in file_on(page, "a.jsonl")
    assert "20 articles" in file_on(page, "b.jsonl")
    assert "The rest was not read" in file_on(page, "b.jsonl")


def test_files_in_a_zip_are_named(operator: Operator) -> None:
    with_bad = zipped({"a.txt": "Tin\n\nMột hai ba.", "tệp/<b>.txt": b"\xff\xfea\0", "c.png": b"\x89PNG"})
    page = look(operator, {"báo.zip": with_bad})
    assert "tệp/&lt;b&gt;.txt: is UTF-16" in file_on(page, "báo.zip")
