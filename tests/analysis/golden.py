"""The terms of some fifty short texts, kept in a file: ``python -m tests.analysis.golden`` writes it anew.

``golden_terms.json`` has a line for each stream: its terms, each with its position (``tin@0``). Read what changed
before you keep it: an index made with other terms does not find what it holds until it is rebuilt.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Collection
from pathlib import Path
from typing import Any

from index.analysis.abbreviations import abbreviation_terms
from index.analysis.analyzer import ANALYZER_VERSION, Analysis, Stream, analyze
from index.analysis.batch import AnalyzedBatch, BatchAnalyzer
from index.analysis.near_copies import NO_SKETCH, sketch
from index.analysis.phrases import suggested_phrases
from index.analysis.suggestions import one_of_each
from index.analysis.tokenizer import Tokens, original_places

FILE = Path(__file__).with_name("golden_terms.json")
MOST_WORDS = 3
STORY = (
    "Sáng nay, chợ nổi đông hơn mọi ngày vì ghe chở dưa hấu từ các cù lao về cùng một lúc. Người bán hạ giá để kịp con"
    " nước, người mua chọn từng trái rồi gõ nghe thử. Đến trưa thì dưa đã bán hết, chỉ còn vài ghe khoai lang nằm lại"
    " bên bờ chờ khách quen. Một bà cụ kể rằng hồi bà còn nhỏ, muốn tới đây phải chèo từ nửa đêm."
)
TEXTS = {
    "nothing": "",
    "signs alone": " … – !? \n\t",
    "one syllable": "Lúa",
    "news": "Nông dân huyện Cái Bè thu hoạch sầu riêng sớm hơn mọi năm.",
    "politics": "Bộ trưởng Ngoại giao tiếp đoàn đại biểu các nước ASEAN tại Hà Nội.",
    "business": "Doanh nghiệp xuất khẩu thủy sản lo giá cước vận tải biển tăng mạnh.",
    "football": "Đội tuyển bóng đá nữ Việt Nam thắng đậm trong trận ra quân.",
    "weather": "Bão số 5 gây mưa to, gió giật cấp 11 ở miền Trung.",
    "a person's name": "Ông Nguyễn Văn Tám gặp bà Trần Thị Bé Bảy ở Mỹ Tho.",
    "no accents": "san bay tan son nhat dong khach ngay le",
    "capitals": "ĐƯỜNG SẮT CAO TỐC BẮC NAM",
    "small letters": "việt nam và châu âu hợp tác",
    "accents carry meaning": "đường dương đương đuông",
    "tones on the first vowel": "hòa bình, thủy lợi, thỏa thuận, khỏe mạnh, úy lạo",
    "tones on the last vowel": "hoà bình, thuỷ lợi, thoả thuận, khoẻ mạnh, uý lạo",
    "y": "quý khách, kỹ sư, nước Mỹ, lý do, hy vọng, thúy",
    "i": "quí khách, kĩ sư, nước Mĩ, lí do, hi vọng, thuý",
    "decomposed": unicodedata.normalize("NFD", "Tiếng Việt giàu và đẹp, người người học hỏi."),
    "another D": "\u00d0à Nẵng và \u0110à Lạt đón khách \u0189ông Nam Á",
    "full width": "Ｔｉｎ　ｍớｉ　１２３",
    "invisible signs": "xã\u200b hội\u00ad và\u00a0quốc\u2060 tế\ufeff",
    "ligatures": "ﬁlm và oﬃce №5",
    "thousands by point": "Giá vàng 1.250.000 đồng, xăng 23.450 đồng.",
    "thousands by comma": "Dân số 1,250,000 người.",
    "decimals": "Tăng trưởng 7,52% trong quý 3, lạm phát 3.8 %.",
    "ranges": "Nhiệt độ 25-32 độ, tỷ số 2-1, nhiệm kỳ 2021-2026.",
    "money": "Vay 500 triệu VND, trả 20.000 USD, $15 một ký, 3€.",
    "phone": "Gọi 1900 1234 hoặc 028-3829-1234, số +84 90 123 45 67.",
    "date in figures": "Ngày 26/8, 27/08/2025 và 2025-08-28 đều nắng, 14-1 thì mưa.",
    "date in words": "Ngày 14 tháng 1 năm 2026, mùng 2 tháng 9, quý I năm 2025.",
    "hours": "Lúc 18:24, 7h30 và 19 giờ 05 phút.",
    "decrees": "Nghị quyết số 59-NQ/TW, Nghị định 153/2024/NĐ-CP, Quyết định số 12/QĐ-UBND.",
    "decree in words": "nghị quyết 59, thông tư số 08, NQ 59 của Bộ Chính trị",
    "places shortened": "TP.HCM, Tp. Hồ Chí Minh, TP Cần Thơ, Q.1, P. Bến Nghé",
    "offices shortened": "Sở GD-ĐT, Bộ KH&CN, UBND tỉnh, TƯ Đoàn, CLB HAGL",
    "illness": "Covid-19, COVID 19 và SARS-CoV-2, cúm A/H5N1",
    "defined in brackets": "Hội nhập quốc tế (HNQT) là việc lớn; ngoại giao kinh tế (NGKT) cũng vậy.",
    "defined the other way": "WHO (Tổ chức Y tế Thế giới) và Liên Hợp Quốc (gọi tắt là LHQ) cùng họp.",
    "mail": "Thư gửi toa.soan+tin@bao-mau.example.vn trước thứ Sáu.",
    "hosts": "Xem https://www.bao-mau.vn/tin/moi?id=5&x=y hoặc bao-mau.com.vn.",
    "hyphenated names": "Xtra-đi-va-ri, Pa-ri, Mat-xcơ-va, Bà Rịa - Vũng Tàu",
    "names of others": "Emmanuel Macron và Müller gặp Đặng Thị Ngọc-Anh.",
    "English": "The quick brown fox jumps over Google's AI start-up.",
    "other scripts": "Μουσείο, Москва, 東京, 서울 và हिन्दी",
    "quotes": "“Tôi rất vui”, cô nói. 'Thật không?' - \"Thật!\" «vâng»",
    "brackets": "(đã sửa) [ảnh: T.T.] {x} chữ(in)liền",
    "joined by signs": "và/hoặc, công nghệ,thông tin; a_b x+y C++ C# R&D 24/7",
    "line breaks": "Quốc\ntế\r\nhội\n\nnhập\u2028kinh tế",
    "spaces": "  hội   nhập\tquốc\u3000tế  ",
    "letters repeated": "Trờiiii ơiiii, hahaha, đẹpppp quáááá",
    "a long chunk": "x" * 70 + " " + "ba" * 40,
    "emoji": "Chúc mừng 🎉 Việt Nam 🇻🇳 vô địch 👍🏽",
    "numerals": "Đại hội XIV, Chương II, thế kỷ XXI, vua Lê Thánh Tông IV",
    "units": "Đi 120km, nặng 3,5kg, cao 1m75, ruộng 2ha, 50m², 36°C",
    "a story": STORY,
}


def analysis(batch: AnalyzedBatch, at: int) -> Analysis:
    """Return what ``analyze`` returns for text number ``at``."""
    normal = batch.normals[at]
    own, words = slice(*batch.bounds[at : at + 2].tolist()), slice(*batch.word_bounds[at : at + 2].tolist())
    known = batch.tables.syllables
    numbers = batch.syllables.numbers[own].tolist()
    exact, folded = (list(map(column.__getitem__, numbers)) for column in (known.exact, known.folded))
    places = batch.syllables.starts[own].tolist(), batch.syllables.ends[own].tolist()
    tokens = Tokens(normal.text, *original_places(normal, *places), exact, folded, *places, batch.codes[at])
    firsts, stops = ((column[words] - own.start).tolist() for column in (batch.words.firsts, batch.words.stops))
    texts = list(map(bytes.decode, map(batch.terms.__getitem__, batch.words.terms[words].tolist())))
    return Analysis(tokens, batch.positions[own].tolist(), firsts, stops, texts)


def described(analysis: Analysis, suggestions: Collection[str]) -> dict[str, Any]:
    """Return the terms that an index keeps of a text, in a form to read; kinds that it has none of are left out."""
    streams = {stream.value: sorted(analysis.terms(stream), key=lambda term: (term[1], term[0])) for stream in Stream}
    low, high = sketch(analysis.tokens.exact)
    kept = {
        "suggestions": " | ".join(sorted(suggestions)).replace("\t", " > "),
        "abbreviations": " | ".join(sorted(abbreviation_terms(analysis))).replace("\t", " > "),
        "sketch": f"{low:016x} {high:016x}",
    }
    if (low, high) == NO_SKETCH:
        del kept["sketch"]
    listed = {
        name: " ".join(f"{term}@{place}".replace(" ", "␣") for term, place in terms) for name, terms in streams.items()
    }
    return {name: line for name, line in {**listed, **kept}.items() if line}


def terms_now() -> dict[str, Any]:
    """Return what the file is to hold."""
    batch = BatchAnalyzer().analyze(list(TEXTS.values()))
    suggestions = map(one_of_each, suggested_phrases(batch, MOST_WORDS))
    texts = {
        name: {"text": text, **described(analyze(text), own)}
        for (name, text), own in zip(TEXTS.items(), suggestions, strict=True)
    }
    return {"analyzer_version": ANALYZER_VERSION, "texts": texts}


def main() -> None:
    FILE.write_text(json.dumps(terms_now(), ensure_ascii=False, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
