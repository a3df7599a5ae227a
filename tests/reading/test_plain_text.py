"""Other scraped texts than the seeds: the rules are for a kind of input."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.reading.formats.plaintext import read_plain_text

LEAD = "Sáng nay, Ủy ban nhân dân thành phố đã họp bàn về kế hoạch chống ngập cho các quận trung tâm trong mùa mưa tới."
MORE = "Theo kế hoạch, mười hai tuyến đường sẽ được sửa chữa trước tháng sáu, với kinh phí khoảng ba trăm tỉ đồng."


def test_unbulleted_menu_before_the_headline_is_dropped() -> None:
    menu = "Trang chủ\nThời sự\nThế giới\nKinh doanh\nGiải trí\nThể thao\nPháp luật\n"
    article = read_plain_text(f"{menu}\nThành phố bàn cách chống ngập trong mùa mưa\n\n{LEAD}\n\n{MORE}\n")
    assert article.title == "Thành phố bàn cách chống ngập trong mùa mưa"
    assert article.body == f"{LEAD}\n\n{MORE}"


def test_menu_after_the_article_is_dropped() -> None:
    names = ("Liên hệ", "Quảng cáo", "Đặt báo", "Giới thiệu", "Tòa soạn", "Tuyển dụng", "Rao vặt", "Điều khoản")
    menu = "\n".join(f"• {name}" for name in names)
    assert read_plain_text(f"Thành phố bàn cách chống ngập\n\n{LEAD}\n\n{MORE}\n\n{menu}").body == f"{LEAD}\n\n{MORE}"


def test_breadcrumbs_are_dropped() -> None:
    article = read_plain_text(
        f"Trang chủ › Thời sự › Đô thị › Giao thông\nThành phố bàn cách chống ngập\n{LEAD}\n{MORE}"
    )
    assert article.title == "Thành phố bàn cách chống ngập"


def test_list_inside_the_article_stays() -> None:
    text = f"Thành phố bàn cách chống ngập\n\n{LEAD}\n\n• Quận 1\n• Quận 3\n• Quận 5\n• Quận 7\n\n{MORE}"
    assert "• Quận 3" in read_plain_text(text).body


@pytest.mark.parametrize(
    "ending",
    [
        "- 1 kg xương bò\n- 500 g thịt bò\n- 2 củ hành tây\n- 1 nhánh gừng",
        "1 | Nam Định | 10 | 24\n2 | Hà Nội | 10 | 21",
        "Arsenal 2-1 Chelsea\nFulham 0-0 Everton\nLeeds 3-2 Wolves\nBurnley 1-1 Luton\nBrentford 0-4 Spurs",
        "Chú bé loắt choắt\nCái xắc xinh xinh\nCái chân thoăn thoắt\nCái đầu nghênh nghênh\nCa lô đội lệch",
        "Bước một\nBước hai\nBước ba\nBước bốn\nBước năm\nBước sáu",
        "Theo đó, giá xăng tăng 500 đồng/lít.",
        "Theo ông Nam, giá vàng sẽ còn tăng.",
        "Nguồn nước đã bị ô nhiễm nặng.",
    ],
)
def test_lists_tables_verses_and_sentences_at_the_end_stay(ending: str) -> None:
    article = read_plain_text(f"Thành phố bàn cách chống ngập\n\n{LEAD}\n\n{MORE}\n\n{ending}")
    assert article.body.replace("\n\n", "\n") == f"{LEAD}\n{MORE}\n{ending}"
    assert (article.source, article.author) == (None, None)


@pytest.mark.parametrize(
    "lead",
    [
        "NATO: Chúng tôi sẽ không đưa quân tới đây, người phát ngôn của khối nói trong cuộc họp báo chiều nay.",
        "GDP - thước đo quan trọng của nền kinh tế - đã tăng nhanh hơn dự báo trong quý, theo số liệu mới nhất.",
        "(Cà Mau) - Mưa lớn làm ngập nhiều tuyến đường ở Cà Mau, hàng trăm hộ dân phải di dời trong đêm hôm qua.",
    ],
)
def test_names_the_text_speaks_of_are_no_source(lead: str) -> None:
    article = read_plain_text(f"Thành phố bàn cách chống ngập\n\n{lead}\n\n{MORE}")
    assert (article.source, article.lead) == (None, lead)


def test_places_of_a_journey_are_no_byline() -> None:
    last = "Tàu chạy từ Hà Nội qua Huế vào Sài Gòn mỗi ngày hai chuyến."
    article = read_plain_text(f"Chuyến tàu Bắc Nam\n\n{LEAD}\n\n{last}\n\nHà Nội - Huế - Sài Gòn")
    assert article.author is None


def test_section_name_before_the_headline_is_the_category() -> None:
    article = read_plain_text(f"Thời sự\nThành phố bàn cách chống ngập trong mùa mưa\n{LEAD}\n{MORE}")
    assert (article.title, article.category) == ("Thành phố bàn cách chống ngập trong mùa mưa", "Thời sự")
    assert article.lead == LEAD


def test_poem_of_short_lines_stays_whole() -> None:
    lines = ["Lượm", "Chú bé loắt choắt", "Cái xắc xinh xinh", "Cái chân thoăn thoắt", "Cái đầu nghênh nghênh"]
    article = read_plain_text("\n".join(lines))
    assert (article.title, article.body.split("\n\n")) == ("Lượm", lines)


@pytest.mark.parametrize(
    ("line", "published"),
    [
        ("Thứ hai, 06/01/2025, 18:24 (GMT+7)", "2025-01-06T18:24"),
        ("18:24 06/01/2025", "2025-01-06T18:24"),
        ("18:24, ngày 6/1/2025", "2025-01-06T18:24"),
        ("Chủ nhật, ngày 5-1-2025", "2025-01-05"),
        ("Cập nhật: 06/01/2025 | 18:24", "2025-01-06T18:24"),
        ("2025-01-06T18:24", "2025-01-06T18:24"),
    ],
)
def test_line_of_nothing_but_a_date_dates_the_article(line: str, published: str) -> None:
    article = read_plain_text(f"Thành phố bàn cách chống ngập\n{line}\n{LEAD}\n{MORE}")
    assert article.published == published
    assert line not in article.body


def test_impossible_date_is_text() -> None:
    article = read_plain_text(f"Thành phố bàn cách chống ngập\n31/02/2025\n{LEAD}\n{MORE}")
    assert article.published is None
    assert "31/02/2025" in article.body


@pytest.mark.parametrize(
    ("start", "source"),
    [("(Dân trí) - ", "Dân trí"), ("TTO - ", "TTO"), ("(TTXVN) – ", "TTXVN"), ("vov.vn - ", "vov.vn")],
)
def test_source_before_the_lead(start: str, source: str) -> None:
    article = read_plain_text(f"Thành phố bàn cách chống ngập\n\n{start}{LEAD}\n\n{MORE}")
    assert (article.source, article.lead) == (source, LEAD)


def test_bracketed_remark_on_a_picture_is_no_source() -> None:
    article = read_plain_text(f"Thành phố bàn cách chống ngập\n\n(Ảnh minh họa) - {LEAD}\n\n{MORE}")
    assert article.source is None


@pytest.mark.parametrize(
    ("foot", "author", "source"),
    [
        ("Nguyễn Văn An", "Nguyễn Văn An", None),
        ("LÊ MINH và TRẦN HÀ", "LÊ MINH và TRẦN HÀ", None),
        ("Bài và ảnh: Hoàng Lan", "Hoàng Lan", None),
        ("Tác giả: Lan", "Lan", None),
        ("Hoàng Lan\nNguồn: Báo Cà Mau", "Hoàng Lan", "Báo Cà Mau"),
        ("Nguồn: https://www.example.vn/bai-1.html", None, "example.vn"),
        ("(Theo Reuters)", None, "Reuters"),
    ],
)
def test_byline_and_source_at_the_foot(foot: str, author: str | None, source: str | None) -> None:
    article = read_plain_text(f"Thành phố bàn cách chống ngập\n\n{LEAD}\n\n{MORE}\n\n{foot}")
    assert (article.author, article.source) == (author, source)
    assert article.body == f"{LEAD}\n\n{MORE}"


@pytest.mark.parametrize("line", ["Đọc thêm:", "Nghe podcast", "Xem thêm tại đây", "Chia sẻ", "Bình luận"])
def test_labels_of_the_page_are_not_text(line: str) -> None:
    article = read_plain_text(f"Thành phố bàn cách chống ngập\n\n{line}\n\n{LEAD}\n\n{MORE}")
    assert article.body == f"{LEAD}\n\n{MORE}"


def test_fields_at_the_head_are_taken() -> None:
    head = "title: Chống ngập\nauthor: Hoàng Lan\nsource: Báo Cà Mau\nurl: https://example.vn/1\ndate: 05/01/2025"
    article = read_plain_text(f"{head}\n\n{LEAD}\n\n{MORE}")
    assert (article.title, article.author, article.source, article.url, article.published) == (
        "Chống ngập",
        "Hoàng Lan",
        "Báo Cà Mau",
        "https://example.vn/1",
        "2025-01-05",
    )


@pytest.mark.parametrize(
    ("head", "fields"),
    [
        (
            "Title: Chống ngập\nLink: https://example.vn/1\nPublished Date: 12/07/2021 09:30\nAuthor: Lê Mẫu\n"
            "Tags: ngập, mưa\nSummary: Thành phố bàn cách.\n\nContent:",
            {"title": "Chống ngập", "url": "https://example.vn/1", "published": "2021-07-12T09:30", "author": "Lê Mẫu",
             "category": "ngập; mưa", "lead": "Thành phố bàn cách.", "extra": {"Tags": "ngập, mưa"}},
        ),
        (
            "Tiêu đề: Chống ngập\nNgày đăng: Thứ hai, 12/7/2021, 09:30 (GMT+7)\nNguồn: Báo Mẫu\nNội dung:",
            {"title": "Chống ngập", "published": "2021-07-12T09:30", "source": "Báo Mẫu"},
        ),
        (
            "URL: https://example.vn/1\nTIÊU ĐỀ BÀI VIẾT : Chống ngập\nLượt xem: 12\nMã: x\nMục: Đô thị\nSapo: Bàn.",
            {"title": "Chống ngập", "url": "https://example.vn/1", "category": "Đô thị", "lead": "Bàn.",
             "extra": {"Lượt xem": "12", "Mã": "x"}},
        ),
        ("https://example.vn/1.html\nThành phố bàn cách chống ngập", {"title": "Thành phố bàn cách chống ngập",
         "url": "https://example.vn/1.html"}),
        ("Tiêu đề: Chống ngập\nNgày: hôm qua\nTác giả: Lê Mẫu", {"title": "Chống ngập", "author": "Lê Mẫu",
         "extra": {"Ngày": "hôm qua"}}),
    ],
)  # fmt: skip
def test_head_of_a_crawler_is_taken(head: str, fields: dict[str, object]) -> None:
    article = read_plain_text(f"{head}\n{LEAD}\n\n{MORE}")
    assert article.body == f"{LEAD}\n\n{MORE}"
    found = {name: getattr(article, name) for name in article.__slots__ if name != "body"}
    assert {name: value for name, value in found.items() if value} == {"lead": LEAD, **fields}


FIRST = "Nông dân miền Tây phấn khởi vì giá lúa tăng mạnh trong tuần qua, nhiều thương lái đến tận ruộng thu mua."
SECOND = "Theo ông Nguyễn Văn Bảy, giá lúa hiện ở mức 7.000 đồng một ký, tăng 500 đồng so với tuần trước."
HEADLINE = "Giá lúa tăng mạnh ở miền Tây"


@pytest.mark.parametrize(
    ("head", "fields"),
    [
        ("[Tiêu đề] {}\n[Ngày đăng] 06/05/2025\n[Nguồn] Báo Mẫu", {"published": "2025-05-06", "source": "Báo Mẫu"}),
        ("**Tiêu đề:** {}\n**Nguồn:** Báo Mẫu", {"source": "Báo Mẫu"}),
        ("- Tiêu đề: {}\n- Tác giả: An Mẫu", {"author": "An Mẫu"}),
        ("title = {}\ndate = 2025-05-06", {"published": "2025-05-06"}), ("Title\t{}\nDate\t2025-05-06\nContent:",
                                                                          {"published": "2025-05-06"}),
        ("---\ntitle: {}\ndate: 2025-05-06\n---", {"published": "2025-05-06"}), ("=====\n{}\n=====", {}), ("# {}", {}),
        ("Tiêu đề:\n{}\nNgày đăng:\n06/05/2025\nNội dung:", {"published": "2025-05-06"}),
        ("{}\nTác giả: An Mẫu\nNgày đăng: 06/05/2025", {"author": "An Mẫu", "published": "2025-05-06"}),
        ("{}\nThứ Ba, 06/05/2025 10:58 AM (GMT+7)", {"published": "2025-05-06T10:58"}),
        ("{}\nThứ 3, 06/05/2025 | 10:58:12 GMT+7", {"published": "2025-05-06T10:58:12"}),
        ("{}\nTháng Năm 6, 2025", {"published": "2025-05-06"}),
        ("{}\nNgày 6 tháng 5 năm 2025", {"published": "2025-05-06"}),
        ("{}\nAn Mẫu - Thứ Ba, 06/05/2025, 10:58", {"author": "An Mẫu", "published": "2025-05-06T10:58"}),
        ("{}\nTác giả: An Mẫu | Ngày: 06/05/2025", {"author": "An Mẫu", "published": "2025-05-06"}),
    ],
)  # fmt: skip
def test_head_as_people_write_it(head: str, fields: dict[str, object]) -> None:
    read = read_plain_text(f"{head.format(HEADLINE)}\n\n{FIRST}\n\n{SECOND}\n")
    found = {name: getattr(read, name) for name in ("published", "source", "author", "category") if getattr(read, name)}
    assert (read.title, read.body, found) == (HEADLINE, f"{FIRST}\n\n{SECOND}", fields)


@pytest.mark.parametrize("dateline", ["VOV.VN - ", "vov.vn – "])
def test_dateline_of_a_site_in_any_case_is_its_source(dateline: str) -> None:
    read = read_plain_text(f"{HEADLINE}\n\n{dateline}{FIRST}\n\n{SECOND}\n")
    assert (read.source, read.lead) == (dateline[:6], FIRST)


def test_headline_with_a_colon_and_an_interview_are_no_fields() -> None:
    headline = "Chủ đề: Nông nghiệp xanh đang lên ngôi ở đồng bằng sông Cửu Long"
    read = read_plain_text(f"{headline}\n\n{FIRST}\n\n{SECOND}\n")
    assert (read.title, read.category) == (headline, None)
    read = read_plain_text(f"{HEADLINE}\nPhóng viên: Vậy nông dân có lời không?\nÔng Bảy: Có.\n{FIRST}\n")
    assert (read.author, read.body.splitlines()[0]) == (None, "Phóng viên: Vậy nông dân có lời không?")


def test_markup_in_a_text_is_read_before_its_lines() -> None:
    read = read_plain_text(f"<h1>{HEADLINE}</h1><p>{FIRST}</p>\n<p>{SECOND}</p>")
    assert (read.title, read.body) == (HEADLINE, f"{FIRST}\n\n{SECOND}")


def test_text_may_follow_the_name_of_the_body_in_its_line() -> None:
    article = read_plain_text(f"Title: Chống ngập\nContent: {LEAD}\n{MORE}")
    assert (article.title, article.body) == ("Chống ngập", f"{LEAD}\n\n{MORE}")


@pytest.mark.parametrize(
    "line",
    ["Địa chỉ: 12 đường Lê Lợi, quận 1, nơi thường xuyên bị ngập nặng sau mỗi trận mưa lớn đầu mùa hè.",
     "Ngày: mười hai tuyến đường sẽ được sửa chữa trước tháng sáu, với kinh phí khoảng ba trăm tỉ đồng.",
     "Kết quả: mười hai tuyến đường sẽ được sửa chữa trước tháng sáu, với kinh phí khoảng ba trăm tỉ đồng."],
)  # fmt: skip
def test_sentence_with_a_colon_is_no_field(line: str) -> None:
    article = read_plain_text(f"{line}\n\n{MORE} Hết.")
    assert article.body.startswith(line)


@pytest.mark.parametrize(
    "title",
    ["Nghị quyết 01/2019/NQ-ABC", "Luật Đất đai", "Thông tư liên tịch", "QUYẾT ĐỊNH", "Bộ luật Dân sự", "Kế hoạch 12"],
)
def test_title_of_a_law_is_no_category(title: str) -> None:
    article = read_plain_text(f"{title}\nHội đồng nhân dân thành phố khóa mới\n{LEAD}\n{MORE}")
    assert (article.category, article.title) == (None, title)


@pytest.mark.parametrize(
    "foot",
    ["Trang chủ của Hội Nông dân\nViện Lúa Mẫu", "Xem thêm\nNguyễn Mẫu An", "Công ty Mẫu", "Sông Mẫu Hồng",
     "Tham khảo\nLịch sử Mẫu", "Liên kết ngoài\nTrang chủ Mẫu"],
)  # fmt: skip
def test_last_line_of_an_encyclopedia_is_no_author(foot: str) -> None:
    article = read_plain_text(f"{LEAD}\n{MORE}\n{foot}")
    assert article.author is None
    assert article.body.endswith(foot.rpartition("\n")[2])


def test_signs_of_a_forum_around_the_text_are_no_text() -> None:
    head = (
        "02:37:35 PM\nThể Thao\n» Bóng Đá Thế Giới\nGửi 10:44am | 21/05/2016\nĐội bóng làng chốt danh sách dự giải hè"
    )
    signs = "A- A A+ ‹Đọc›\nThích tắt quảng cáo hãy nhấn nút"
    foot = "Chia sẻ Facebook Zalo\nXem thêm: Giải bóng đá làng bị hoãn\nBình luận (3)"
    article = read_plain_text(f"{head}\n{signs}\n{LEAD}\n{MORE}\n{foot}")
    assert (article.title, article.body) == ("Đội bóng làng chốt danh sách dự giải hè", f"{LEAD}\n\n{MORE}")
    assert (article.published, article.category) == ("2016-05-21T10:44", "Thể Thao")


def test_pictures_numbered_after_the_title_are_left_out() -> None:
    title = "Thành phố bàn cách chống ngập"
    article = read_plain_text(f"{title}\n\n{LEAD}\n\n{title} - Ảnh 1.\n\n{MORE}\n\n{title} - Ảnh 2.\n\nHết mùa mưa.")
    assert "Ảnh" not in article.body


def test_very_long_first_sentence_is_cut_for_the_title() -> None:
    sentence = "Hội nghị bàn về " + ", ".join(f"việc thứ {number} của thành phố" for number in range(40)) + "."
    title = read_plain_text(f"{sentence}\n\n{MORE}").title
    assert sentence.startswith(title)
    assert 100 < len(title) <= 300


@given(st.text(max_size=400))
def test_any_text_is_taken(text: str) -> None:
    article = read_plain_text(text)
    assert isinstance(article.body, str)


@pytest.mark.parametrize(
    "line",
    [
        "Theo{}x,!",
        "Nguồn{0}:{0}x{0}(",
        "date{}x",
        "date 1/1/2025{}x",
        "1/1/2025{}x",
        "18:24{}x",
        "ngày{0}18:24{0}lúc{0}x",
    ],
)
def test_runs_of_spaces_of_any_length_are_read(line: str) -> None:
    prose = "Ông nói rằng năm nay giá lúa tăng cao hơn so với cùng kỳ năm trước, bà con rất vui mừng."
    line = line.format(" " * 20_000)
    assert line[-1] in read_plain_text(f"{line}\n{prose}").body
    assert line[-1] in read_plain_text(f"{prose}\n{line}").body


def test_head_of_very_many_fields_is_read() -> None:
    prose = "Ông nói rằng năm nay giá lúa tăng cao hơn so với cùng kỳ năm trước, bà con rất vui mừng."
    found = read_plain_text("title: Giá lúa\n" * 200_000 + "date 2025-01-06 " * 200_000 + prose)
    assert (found.title, found.published, found.body) == ("Giá lúa", "2025-01-06", prose)
