"""Why a hit was found, where it lacks the words as typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.article import Article
from search.archive import Archive, ArchiveConfig, open_archive
from search.deadline import Deadline
from search.parameters import SearchParameters
from search.query.parser import parse
from search.runtime.index_follower import bring_in_sync
from search.service import search
from search.snippets.highlighter import Highlighter
from search.snippets.reasons import Reason, ReasonCode, ReasonFinder

BODIES = {
    "conference": "Hội nghị khai mạc sáng nay.",
    "defined": "Nước ta hội nhập quốc tế (HNQT) sâu rộng.",
    "long": "Đẩy mạnh hội nhập quốc tế trong năm tới.",
    "short": "Kết quả HNQT năm qua.",
    "car": "Nhiều người mua ô tô con dịp cuối năm.",
    "city": "Mưa lớn ở TP.HCM chiều qua.",
    "airline": "Hãng Vietnam Airlines mở đường bay.",
    "country": "Kinh tế Việt Nam tăng trưởng.",
    "dear": "Các bạn quý mến thầy cô.",
    "republic": "Nước Cộng hòa Séc.",
    "storm": "Tâm bão cách bờ 50km.",
    "phone": "Gọi 0912.345.678 ngay.",
    "plate": "Xe 51F-123.45 gây tai nạn.",
    "august": "Khởi nghĩa tháng Tám thành công.",
    "road": "Làm đường cao tốc mới.",
    "vaccine": "Tiêm thuốc chủng ngừa cho trẻ.",
    "joined": "Tiêm vắcxin cúm.",
    "hotel": "Khách sạn 5 sao mở cửa.",
    "price": "Giá 45.000đ một tô.",
    "flower": "Hoa nở ở Đăk Lăk.",
    "wrapped": "Một giáo\nviên giỏi.",
    "singer": "Cô ca sĩ trẻ hát hay.",
    "apart": "Ca trực sáng nay có bác sĩ trẻ.",
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive of short articles, with an owner's synonyms."""
    data: Path = tmp_path_factory.mktemp("told") / "data"
    data.mkdir()
    (data / "synonyms.txt").write_text("xe hơi, ô tô con\nvắc-xin, thuốc chủng ngừa\n", "utf-8")
    archive = open_archive(ArchiveConfig(data))
    archive.store.put([Article(id=id, title="Tin", body=body) for id, body in BODIES.items()])
    bring_in_sync(archive)
    yield archive
    archive.close()


@pytest.mark.parametrize(
    ("query", "id", "reasons"),
    [
        ("hội nghi", "conference", [("accents", "hội nghi", "Hội nghị")]),
        ("HỘI NGHI", "conference", [("accents", "HỘI NGHI", "Hội nghị")]),
        ("hội nghĩ", "conference", [("accents", "nghĩ", "nghị")]),
        ("đương cao tốc", "road", [("accents", "đương", "đường")]),
        ("dương", "road", [("accents", "dương", "đường")]),
        ("hoi nghi", "conference", []),
        ("hội nghị", "conference", []),
        ("hội nghị khai mac", "conference", []),
        ("HNQT", "long", [("abbreviation", "HNQT", "hội nhập quốc tế")]),
        ("HNQT", "short", []),
        ("HNQT", "defined", []),
        ("hội nhập quốc tế", "short", [("abbreviation", "hội nhập quốc tế", "HNQT")]),
        ("hoi nhap quoc te", "short", [("abbreviation", "hoi nhap quoc te", "HNQT")]),
        ("hội nhập quốc tế", "defined", []),
        ("hội nhập quốc tế", "long", []),
        ("xe hơi", "car", [("synonym", "xe hơi", "ô tô con")]),
        ("mua xe hơi", "car", [("synonym", "xe hơi", "ô tô con")]),
        ("o to con", "car", []),
        ("vắc xin", "vaccine", [("synonym", "vắc xin", "thuốc chủng ngừa")]),
        ("thuốc chủng ngừa", "joined", [("synonym", "thuốc chủng ngừa", "vắcxin")]),
        ("đắk lắk", "flower", [("synonym", "đắk lắk", "Đăk Lăk")]),
        ("vắc xin", "joined", [("spelling", "vắc xin", "vắcxin")]),
        ("việt nam", "airline", [("spelling", "việt nam", "Vietnam")]),
        ("vietnam", "country", [("spelling", "vietnam", "Việt Nam")]),
        ("viet nam", "country", []),
        ("việt nam", "country", []),
        ("vietnam", "airline", []),
        ("quí mến", "dear", [("spelling", "quí mến", "quý mến")]),
        ("qui men", "dear", [("spelling", "qui men", "quý mến")]),
        ("quy men", "dear", []),
        ("cộng hoà", "republic", [("spelling", "cộng hoà", "Cộng hòa")]),
        ("co\u0323\u0302ng ho\u0300a", "republic", []),
        ("50 km", "storm", [("spelling", "50 km", "50km")]),
        ('"50 km"', "storm", [("spelling", "50 km", "50km")]),
        ("50km", "storm", []),
        ("0912345678", "phone", [("spelling", "0912345678", "0912.345.678")]),
        ("51F12345", "plate", [("spelling", "51F12345", "51F-123.45")]),
        ("tháng 8", "august", [("spelling", "tháng 8", "tháng Tám")]),
        ("tháng tám", "august", []),
        ("khách sạn 5*", "hotel", [("spelling", "5*", "5 sao")]),
        ("45.000 đồng", "price", [("spelling", "45.000 đồng", "45.000đ")]),
        ("TP HCM", "city", [("spelling", "TP HCM", "TP.HCM")]),
        ("giáo viên", "wrapped", []),
        ("ca sĩ trẻ", "singer", []),
        ("~quí OR tháng 8", "august", [("spelling", "tháng 8", "tháng Tám")]),
        ("hội nghi -xe", "conference", [("accents", "hội nghi", "Hội nghị")]),
        ("hội nghị gạo ngô", "conference", [("scattered", "hội nghị gạo ngô", "Hội nghị")]),
        ("quy*", "dear", []),
        ("", "conference", []),
    ],
)
def test_reasons(told: Archive, query: str, id: str, reasons: list[tuple[str, str, str]]) -> None:
    hits = {hit.article.id: hit for hit in search(told, SearchParameters(q=query, size=100)).hits}
    assert [(reason.code.value, reason.typed, reason.found) for reason in hits[id].reasons] == reasons


def test_words_that_are_only_scattered_are_a_reason(archive: Archive) -> None:
    archive.store.put([Article(id=id, body=BODIES[id]) for id in ("singer", "apart")])
    bring_in_sync(archive)
    whole, apart = search(archive, SearchParameters(q="ca sĩ trẻ")).hits
    assert (whole.article.id, whole.reasons) == ("singer", [])
    assert (apart.article.id, apart.relaxed) == ("apart", True)
    assert apart.reasons == [Reason(ReasonCode.SCATTERED, "ca sĩ", "Ca … sĩ")]


def test_hits_out_of_time_have_no_reasons(told: Archive) -> None:
    hits = search(told, SearchParameters(q="hội nghi"), Deadline(0)).hits
    assert [list(hit.reasons) for hit in hits] == [[]]


@given(
    st.lists(st.sampled_from(["hội", "nghị", "hoi", "50km", "50 km", "…", "\n", "TP.HCM", "a", '"', "OR"])).map(
        " ".join
    ),
    st.lists(st.sampled_from(["Hội", "nghị", "hoi", "50km", "50 km", "\n", "tp hcm", "<b>", "."])).map(" ".join),
    st.booleans(),
)
def test_reasons_name_parts_of_the_query_and_of_the_text(query: str, text: str, relaxed: bool) -> None:
    tree = parse(query)
    marks = Highlighter(tree).marks(text, scattered=relaxed)
    spaced = " ".join(text.split())
    for reason in ReasonFinder(tree).reasons([([(text, marks)], relaxed)])[0]:
        assert all(part in spaced for part in reason.found.split(" … "))
        if reason.code is not ReasonCode.SCATTERED:
            assert set(reason.typed.split()) <= set(query.replace('"', " ").split())
            assert reason.typed.lower() != reason.found.lower()
