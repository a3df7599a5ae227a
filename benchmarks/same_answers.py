"""Whether two versions of the code give the same answers. ``python -m benchmarks.same_answers DATA FILE``

DATA is a data folder with an index. If FILE is not there, 600 whole answers of the API, with their headers, are saved
in it; else they are compared with those saved, byte for byte but for how long the search took. Scores may differ by a
unit of their last digit, which is said apart. Run it in two checkouts.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.engines import read_articles
from benchmarks.serving import unasked
from index.analysis.analyzer import analyze
from search.archive import ArchiveConfig, open_archive
from web.app import create_app

_TOOK = re.compile(r'"took_ms":[0-9.e-]+')
_SCORE = re.compile(r'"score":([0-9.]+)')
_UNIT = 1.5e-4
_HAND_MADE = (
    "nghị quyết 59", "nq 59", "covid-19", "12/5/2020", "30%", "50 km", "tp.hcm", "7h30", "u23 việt nam", "c++", ".net",
    "thế kỷ xxi", "quý 3", "12,5 triệu", "0912345678", "hiv/aids", "", "zzzzqqq", "ubnd", "gdp tăng 6,8%", "ĐẠI HỌC",
)  # fmt: skip


def requests(data: Path) -> Iterator[dict[str, object]]:
    """Yield the parameters of searches of many kinds."""
    fresh = unasked(data, [])[:300]
    some = fresh[:30]
    articles = read_articles(70)
    yield from ({"q": query} for query in (*fresh, *_HAND_MADE))
    yield from ({"q": article.title} for article in articles[:40])
    yield from ({"q": analyze(article.body[200:260]).tokens.canonical} for article in articles[40:])
    yield from ({"q": " OR ".join(some[at : at + 3])} for at in range(0, len(some), 3))
    for query in some:
        yield {"q": f'"{query}"'}
        yield {"q": f"{query[:-1]}*"}
        yield {"q": " ".join(analyze(query).tokens.folded)}
        yield {"q": query.replace("o", "oo", 1)}
        yield {"q": query, "highlight": "title,body", "explain": "words", "copies": 3}
        yield {"q": query, "fragments": 5, "fragment_size": 80, "sort": "newest", "page": 2}


def answers(data: Path) -> list[dict[str, object]]:
    """Return what is asked and what is answered."""
    client = create_app(open_archive(ArchiveConfig(data))).test_client()
    found: list[dict[str, object]] = []
    for asked in requests(data):
        answer = client.get(f"/api/v1/search?{urlencode(asked)}", headers={"Accept-Encoding": "identity"})
        headers = [list(header) for header in answer.headers if header[0] not in {"Content-Length", "Date"}]
        body = _TOOK.sub('"took_ms":0', answer.get_data(as_text=True))
        found.append({"asked": asked, "status": answer.status_code, "headers": headers, "body": body})
    return found


def main() -> None:
    """Save the answers, or compare them; exit with 1 if they differ."""
    data, file = Path(sys.argv[1]), Path(sys.argv[2])
    found = answers(data)
    if not file.exists():
        file.write_text(json.dumps(found, ensure_ascii=False), "utf-8")
        print(f"{len(found)} answers saved")
        return
    saved = json.loads(file.read_text("utf-8"))
    rounded, other = 0, 0
    for before, after in zip(saved, found, strict=True):
        if before != after:
            bodies = str(before["body"]), str(after["body"])
            scores = zip(*map(_SCORE.findall, bodies), strict=False)
            apart = [abs(float(one) - float(two)) for one, two in scores]
            same = {**before, "body": _SCORE.sub("", bodies[0])} == {**after, "body": _SCORE.sub("", bodies[1])}
            alike = same and max(apart, default=0.0) <= _UNIT
            rounded, other = rounded + alike, other + (not alike)
            if not alike:
                print("differs:", before["asked"])
    print(f"{len(saved)} answers; {other} differ, {rounded} more in the last digit of scores")
    sys.exit(other > 0)


if __name__ == "__main__":
    main()
