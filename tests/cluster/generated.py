"""Articles made of the sentences of the seeds, the same ones every time; some are near-copies of others."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from index.article import Article
from tests.conftest import SEEDS

_DEFINITIONS = (
    "Tổ chức Y tế thế giới (WHO) họp phiên đầu năm.",
    "Văn kiện nói về hội nhập quốc tế (HNQT) của đất nước.",
    "Ủy ban nhân dân (UBND) thành phố trả lời cử tri.",
    "Bộ Giáo dục và Đào tạo (GD&ĐT) công bố lịch thi.",
    "Giá xăng RON 95 ở TP.HCM tăng 7,52% từ 15/3/2025 theo Nghị định 80/2023/NĐ-CP.",
)
_EVERY_COPY = 12


@dataclass(frozen=True, slots=True)
class Made:
    """An article, and the number of the one whose copy it is; its own number if it is no copy."""

    article: Article
    told_first_by: int


def generated(count: int) -> list[Made]:
    """Return ``count`` articles, numbered from 0."""
    chance = random.Random(17)
    texts = [path.read_text(encoding="utf-8") for path in sorted(SEEDS.glob("*.txt"))]
    sentences = [one.strip() for text in texts for one in re.split(r"(?<=[.;!?])\s+|\n+", text)]
    known = [*_DEFINITIONS, *(one for one in sentences if 20 < len(one) < 400)]
    made: list[Made] = []
    for number in range(count):
        published = f"20{chance.randint(10, 25)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
        date = published if number % 7 else None
        if number % _EVERY_COPY == _EVERY_COPY - 1:
            first = made[chance.randrange(number)]
            body = f"{first.article.body} Theo báo số {number}."
            copy = Article(id=f"a{number}", title=first.article.title, body=body, published=date)
            made.append(Made(copy, first.told_first_by))
            continue
        title = " ".join(chance.choice(known).split()[: chance.randint(4, 14)])
        body = "\n".join(" ".join(chance.sample(known, 4)) for _ in range(chance.randint(2, 4)))
        made.append(Made(Article(id=f"a{number}", title=title, body=body, published=date), number))
    return made
