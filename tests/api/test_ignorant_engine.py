"""The page, the feed and the API are served from any archive: here from one in memory, without a file of articles."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.engines.memory import memory_archive
from web.app import create_app
from web.services import Services

ARTICLES = [
    {"id": "lua", "title": "Giá lúa tăng", "body": "Nông dân phấn khởi vì giá lúa gạo tăng.", "source": "Báo A",
     "category": "Kinh tế", "published": "2025-08-27"},
    {"id": "hop", "title": "Hội nhập quốc tế", "body": "Nước ta hội nhập quốc tế (HNQT) sâu rộng.", "source": "Báo B",
     "published": "2024-01-05"},
    {"id": "bong", "title": "Bóng đá", "body": "Đội tuyển thắng trận. Giá vé tăng.", "source": "Báo A"},
]  # fmt: skip


@pytest.fixture
def client(tmp_path: Path) -> Iterator[FlaskClient]:
    """A client of an application on an archive in memory."""
    archive = memory_archive(tmp_path)
    app = create_app(archive)
    here: Services = app.extensions["timtin"]
    here.follower.start()
    with app.test_client() as client:
        key = {"Authorization": f"Bearer {app.config['API_KEY']}"}
        taken = client.post("/api/v1/articles?wait=true", json=ARTICLES, headers=key)
        assert (taken.status_code, taken.get_json()["searchable"]) == (200, True)
        yield client
    here.follower.stop()
    archive.close()


def get(client: FlaskClient, path: str, **parameters: object) -> dict[str, object]:
    answer = client.get(path, query_string=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.get_json()
    return found


def test_search_answers_in_full(client: FlaskClient) -> None:
    asked = {"q": "gia tang", "facets": "source,year,month", "explain": 1}
    answer = client.get("/api/v1/search", query_string=asked).get_json()
    assert answer["hits"][0]["id"] == "lua"
    assert answer["hits"][0]["highlights"]["title"] == "<mark>Giá</mark> lúa <mark>tăng</mark>"
    assert answer["hits"][0]["explanation"]
    assert {"value": "Báo A", "count": 2} in answer["facets"]["source"]
    filtered = client.get("/api/v1/search", query_string={"q": "", "category": "kinh te", "from": "2025"}).get_json()
    assert [hit["id"] for hit in filtered["hits"]] == ["lua"]


def test_near_copies_are_listed_where_that_is_asked_for(client: FlaskClient) -> None:
    key = {"Authorization": f"Bearer {client.application.config['API_KEY']}"}
    wire = " ".join(f"khoai vụ {number}" for number in range(40))
    copies = [{"id": f"w{n}", "title": f"Khoai {n}", "body": wire, "url": f"https://a.vn/{n}"} for n in range(3)]
    assert client.post("/api/v1/articles?wait=true", json=copies, headers=key).status_code == 200
    [hit] = client.get("/api/v1/search", query_string={"q": "khoai", "copies": 1}).get_json()["hits"]
    assert (hit["id"], hit["copies"]) == ("w0", 2)
    copied = {"id": "w1", "title": "Khoai 1", "source": None, "published": None, "url": "https://a.vn/1"}
    assert hit["copied"] == [copied]
    [hit] = client.get("/api/v1/search", query_string={"q": "khoai"}).get_json()["hits"]
    assert "copied" not in hit
    assert client.get("/api/v1/search?copies=21").status_code == 400


def test_facets_count_under_the_filters_asked_for(client: FlaskClient) -> None:
    asked = {"q": "giá", "source": "Báo A", "category": "Kinh tế", "facets": "source,category,day"}
    found = {how: get(client, "/api/v1/search", **asked, facet_filters=how) for how in ("all", "others")}
    assert found["all"]["facets"] == get(client, "/api/v1/search", **asked)["facets"]
    assert found["others"]["total"] == found["all"]["total"] == 1
    assert found["others"]["facets"]["day"] == [{"value": "2025-08-27", "count": 1}]  # type: ignore[index]
    assert found["others"]["facets"]["source"] == [{"value": "Báo A", "count": 1}]  # type: ignore[index]
    assert client.get("/api/v1/search?facet_filters=none").status_code == 400


def test_completions_corrections_and_abbreviations(client: FlaskClient) -> None:
    assert "hội nhập" in json.dumps(get(client, "/api/v1/suggest", q="hoi nh"), ensure_ascii=False)
    assert get(client, "/api/v1/search", q="hooij nhaapj")["query"] == {
        "text": "hooij nhaapj", "corrected": "hội nhập", "terms": ["hooij", "nhaapj"], "notes": [],
    }  # fmt: skip
    [hit] = client.get("/api/v1/search", query_string={"q": "HNQT"}).get_json()["hits"]
    assert (hit["id"], hit["reasons"]) == ("hop", [])
    [hit] = client.get("/api/v1/search", query_string={"q": "quoc te -gạo hội nhâp"}).get_json()["hits"]
    assert hit["reasons"] == [{"code": "accents", "typed": "nhâp", "found": "nhập"}]


def test_titles_are_suggested_where_that_is_asked_for(client: FlaskClient) -> None:
    assert "titles" not in get(client, "/api/v1/suggest", q="gia l")
    assert get(client, "/api/v1/suggest", q="gia l", titles=3)["titles"] == [
        {
            "id": "lua",
            "title": "Giá lúa tăng",
            "source": "Báo A",
            "published": "2025-08-27",
            "highlights": {"title": "<mark>Giá lúa</mark> tăng"},
        }
    ]
    assert get(client, "/api/v1/suggest", q="xyzzy", titles=3)["titles"] == []
    assert client.get("/api/v1/suggest?titles=11").status_code == 400


def test_articles_are_read_replaced_and_deleted(client: FlaskClient) -> None:
    key = {"Authorization": f"Bearer {client.application.config['API_KEY']}"}
    assert get(client, "/api/v1/articles/lua")["title"] == "Giá lúa tăng"
    assert client.put("/api/v1/articles/lua?wait=true", json={"title": "Giá ngô"}, headers=key).status_code == 200
    assert get(client, "/api/v1/search", q="ngô")["total"] == 1
    assert client.delete("/api/v1/articles/lua?wait=true", headers=key).status_code == 200
    assert get(client, "/api/v1/search", q="ngô")["total"] == 0
    assert client.get("/api/v1/articles/bong/similar").status_code == 200


def test_rebuild_tasks_and_state(client: FlaskClient) -> None:
    key = {"Authorization": f"Bearer {client.application.config['API_KEY']}"}
    asked = client.post("/api/v1/reindex", headers=key)
    assert asked.status_code == 202
    while client.get(asked.headers["Location"]).get_json()["state"] != "done":
        pass
    assert get(client, "/api/v1/stats") == {"articles": 3, "in_sync": True, "last_error": None}
    assert client.get("/readyz").status_code == 200
    assert "timtin_index_in_sync 1.0" in client.get("/metrics").text


def test_pages_and_feed(client: FlaskClient) -> None:
    page = client.get("/", query_string={"q": "giá lúa"}, headers={"Accept": "text/html"})
    assert page.status_code == 200
    assert "<mark>Giá lúa</mark>" in page.text
    article = client.get("/articles/lua", query_string={"q": "lúa"}, headers={"Accept": "text/html"})
    assert re.search(r"<mark[^>]*>lúa</mark>", article.text)
    assert "<entry>" in client.get("/feed.atom", query_string={"q": "giá"}).text
