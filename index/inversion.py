"""Invert documents: from the terms of each article to the articles of each term, a batch at a time.

The terms of a batch become numbers, and one stable sort brings the occurrences of each term together. Fields are taken
from the schema; whatever a field's ``index`` yields is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from whoosh.fields import FieldType, Schema

from index.analysis import Occurrences
from index.arrayfile import Array, smallest_unsigned
from index.codec import has_frequencies, has_positions, pack_column
from index.schema import StreamField, TermSetField
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
    columns = [((), ()) if value is None else _occurrences(field, value, positioned) for value in values]
    lengths = np.fromiter((len(terms) for terms, _ in columns), np.int64, len(columns))
    occurrences = np.fromiter(
        chain.from_iterable(map(known.__getitem__, terms) for terms, _ in columns), np.int64, int(lengths.sum())
    )
    # a field has terms of one kind, and text sorts as its UTF-8 does
    strings = sorted(known)
    ranks = np.empty(len(strings), smallest_unsigned(len(strings)))
    ranks[np.fromiter(map(known.__getitem__, strings), np.int64, len(strings))] = np.arange(len(strings))
    numbers = ranks[occurrences]
    by_term = np.argsort(numbers, kind="stable")  # the smaller the type, the sooner; articles stay ascending
    owners = np.repeat(np.arange(len(values)), lengths)
    count = max(len(values), 1)
    postings, frequencies = _runs(numbers[by_term].astype(np.int64) * count + owners[by_term])
    term_of, articles = np.divmod(postings, count)
    kept: dict[str, Array] = {}
    if has_frequencies(field):
        kept["counts"], kept["large"], kept["large_counts"] = pack_counts(frequencies)
    if positioned:
        places = np.concatenate([np.empty(0, np.int64), *(np.array(own, np.int64) for _, own in columns)])[by_term]
        kept["positions"] = places.astype(smallest_unsigned(int(places.max(initial=0))))
        kept["position_starts"] = offsets(np.bincount(numbers, minlength=len(strings)))
    return Inverted(
        Terms(Strings.pack([term.encode("utf-8") if isinstance(term, str) else term for term in strings])),
        offsets(np.bincount(term_of, minlength=len(strings))),
        articles.astype(smallest_unsigned(len(values) - 1)),
        **kept,
    ), lengths


def _occurrences(field: FieldType, value: Any, positioned: bool) -> tuple[Sequence[str | bytes], Sequence[int]]:
    """Return each occurrence of a term in ``value``, positions ascending for any one term, and their positions."""
    if isinstance(value, Occurrences):
        return value.terms, value.positions if positioned else ()
    if isinstance(field, TermSetField):
        return list(set(value)), ()
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
