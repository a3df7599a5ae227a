"""Invert documents: from the terms of each article to the articles of each term, a batch at a time.

The terms of a batch become numbers, and one stable sort brings the occurrences of each term together. Fields are taken
from the schema; whatever a field's ``index`` yields is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from whoosh.fields import FieldType, Schema

from index.arrayfile import Array, smallest_unsigned
from index.codec import has_frequencies, has_positions, pack_column
from index.schema import StreamField
from index.segment import Column, Inverted, Segment, Strings, Terms, offsets, pack_counts

Document = Mapping[str, Any]


def invert(documents: Sequence[Document], schema: Schema) -> Segment:
    """Return ``documents``, values by field name, as a segment in memory; number 0 is the first of them.

    Raises ValueError for a field that a segment cannot hold.
    """
    fields: dict[str, Inverted] = {}
    lengths: dict[str, Array] = {}
    columns: dict[str, Column] = {}
    for name, field in schema.items():
        if field.stored or field.vector:
            raise ValueError(f"the field {name!r} is stored or has vectors, which a segment does not hold")
        values = [document.get(name) for document in documents]
        if field.indexed:
            fields[name], counts = _invert_field(field, values)
            if field.scorable:
                lengths[name] = counts.astype(smallest_unsigned(int(counts.max(initial=0))))
        if field.column_type:
            default = field.column_type.default_value()
            columns[name] = pack_column(
                field.column_type, [default if value is None else field.to_column_value(value) for value in values]
            )
    return Segment(len(documents), fields, lengths, columns)


def _invert_field(field: FieldType, values: Sequence[Any]) -> tuple[Inverted, Array]:
    """Return the inverted index of one field, and how many terms each article has in it."""
    positioned = has_positions(field)
    known: defaultdict[str | bytes, int] = defaultdict()
    known.default_factory = known.__len__
    occurrences: list[int] = []
    positions: list[int] = []
    lengths = np.zeros(len(values), np.int64)
    for number, value in enumerate(values):
        if value is None:
            continue
        terms, places = _occurrences(field, value, positioned)
        occurrences.extend(map(known.__getitem__, terms))
        positions.extend(places)
        lengths[number] = len(terms)
    strings = [term.encode("utf-8") if isinstance(term, str) else term for term in known]
    order = sorted(range(len(strings)), key=strings.__getitem__)
    ranks = np.empty(len(order), np.int64)
    ranks[order] = np.arange(len(order))
    numbers = ranks[np.array(occurrences, np.int64)]
    owners = np.repeat(np.arange(len(values)), lengths)
    keys = numbers * max(len(values), 1) + owners
    by_term = np.argsort(keys, kind="stable")
    postings, frequencies = _runs(keys[by_term])
    term_of, articles = np.divmod(postings, max(len(values), 1))
    kept: dict[str, Array] = {}
    if has_frequencies(field):
        kept["counts"], kept["large"], kept["large_counts"] = pack_counts(frequencies)
    if positioned:
        places_ = np.array(positions, np.int64)[by_term]
        kept["positions"] = places_.astype(smallest_unsigned(int(places_.max(initial=0))))
        kept["position_starts"] = offsets(np.bincount(numbers, minlength=len(order)))
    return Inverted(
        Terms(Strings.pack([strings[number] for number in order])),
        offsets(np.bincount(term_of, minlength=len(order))),
        articles.astype(smallest_unsigned(len(values) - 1)),
        **kept,
    ), lengths


def _occurrences(field: FieldType, value: Any, positioned: bool) -> tuple[Sequence[str | bytes], Sequence[int]]:
    """Return each occurrence of a term in ``value``, positions ascending for any one term, and their positions."""
    if isinstance(field, StreamField):
        pairs = tuple(zip(*value, strict=True)) or ((), ())
        return pairs[0], pairs[1] if positioned else ()
    terms: list[bytes] = []
    positions: list[int] = []
    for term, frequency, _, encoded in field.index(value):
        terms.extend([term] * frequency)
        if positioned:
            positions.extend(field.format.decode_positions(encoded))
    return terms, positions


def _runs(ascending: Array) -> tuple[Array, Array]:
    """Return the distinct values of an ascending array, and how often each is there."""
    firsts = np.flatnonzero(np.diff(ascending, prepend=-1))
    return ascending[firsts], np.diff(firsts, append=len(ascending))
