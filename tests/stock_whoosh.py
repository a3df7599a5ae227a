"""Write our fields with Whoosh's own writer, to compare our segments with the result."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from whoosh.fields import FieldType, Schema
from whoosh.formats import Existence, Positions

from index.analysis.abbreviations import abbreviation_terms
from index.analysis.analyzer import Stream, analyze
from index.analysis.near_copies import sketch
from index.analysis.suggestions import one_of_each
from index.article import LABELS, TEXT_FIELDS, Article, searchable_body
from index.dates import local_minute
from index.segments.schema import SKETCH_COLUMNS, UNDATED, field_name
from index.whoosh_codec.contents import whoosh_schema
from tests.plain_phrases import phrases


class AnalyzedField(FieldType):  # type: ignore[misc]
    """A field whose value is analysed beforehand: an iterable of (term, position), or a set of terms."""

    def index(self, value: Iterable[object], **_: object) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Yield (term, frequency, weight, encoded value) for each distinct term of ``value``."""
        if isinstance(self.format, Existence):
            yield from ((str(term).encode(), 1, 1.0, b"") for term in sorted(map(str, value)))
            return
        positions: defaultdict[str, list[int]] = defaultdict(list)
        for term, position in value:  # type: ignore[misc]
            positions[term].append(position)
        keep = isinstance(self.format, Positions)
        for term, places in positions.items():
            count = len(places)
            yield term.encode(), count, float(count), self.format.encode(places) if keep else count.to_bytes(4, "big")


def writing_schema() -> Schema:
    """Return the schema of an index whose values are analysed beforehand."""
    schema = Schema()
    for name, field in whoosh_schema().items():
        analyzed = type(field) is FieldType
        schema.add(name, AnalyzedField(field.format, None, scorable=field.scorable) if analyzed else field)
    return schema


def document(article: Article, seq: int) -> dict[str, object]:
    """Return ``article`` at sequence number ``seq`` as values for Whoosh's own writer."""
    title, body = analyze(article.title), analyze(searchable_body(article))
    values: dict[str, object] = {
        "id": article.id,
        "seq": seq,
        "story": seq,
        "published": UNDATED if article.published is None else local_minute(article.published),
        "suggest": one_of_each(phrases(title, 3), phrases(body, 1)),
        "abbreviations": abbreviation_terms(title) | abbreviation_terms(body),
        **dict(zip(SKETCH_COLUMNS, sketch(body.tokens.exact), strict=True)),
        **{label: (getattr(article, label) or "").encode() for label in LABELS},
    }
    for name, analysis in zip(TEXT_FIELDS, (title, body), strict=True):
        for stream in Stream:
            values[field_name(name, stream)] = [(term, analysis.positions[at]) for term, at in analysis.terms(stream)]
    return values
