"""Load pyvi's model from its own file into lookup tables.

pyvi segments with a linear-chain conditional random field of two labels, begin and inside of a word, trained
with CRFsuite. The pickle it ships holds a scikit-learn wrapper around the CRFsuite binary; only the binary is
read, so neither scikit-learn nor CRFsuite is loaded. Its layout is that of CRFsuite's ``crf1d_model.c``: a header
of 48 bytes, the features (type, attribute or label, label, weight as a double), and the names of labels and
attributes as CQDB tables.

With two labels only the difference of their scores matters, so each weight is one number: how much an attribute
favours "inside" over "begin".
"""

from __future__ import annotations

import importlib.util
import pickle
import struct
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_STATE_FEATURE = 0
_INSIDE = "I_W"
_FEW = 32


@dataclass(frozen=True, slots=True)
class Model:
    """The weights of the random field, and pyvi's dictionary.

    ``inside`` maps an attribute to weight(inside) - weight(begin). ``transitions`` are
    (begin->begin, begin->inside, inside->begin, inside->inside). ``pairs`` and ``triples`` are the words of two and
    three syllables in the dictionary, keyed by their first syllable and by their first two.
    """

    inside: dict[str, float]
    transitions: tuple[float, float, float, float]
    pairs: Mapping[str, Set[str]]
    triples: Mapping[str, Mapping[str, Set[str]]]


class BestPath:
    """The best path (Viterbi) through two labels, begin and inside.

    A token's lead is its score for inside minus that for begin. ``given`` is what a known label (begin, inside) adds to
    the lead of the next token; ``asked`` is the lead that a token must exceed to be inside, by the label of the next
    token (begin, inside).
    """

    def __init__(self, transitions: tuple[float, float, float, float]) -> None:
        self._transitions = begin_begin, begin_inside, inside_begin, inside_inside = transitions
        self.given = (begin_inside - begin_begin, inside_inside - inside_begin)
        self.asked = (begin_begin - inside_begin, begin_inside - inside_inside)
        self._surely_begin = min(self.asked) - max(self.given)
        self._surely_inside = max(self.asked) - min(self.given)

    def labels(self, scores: npt.NDArray[np.float64]) -> npt.NDArray[np.bool]:
        """Return which tokens are inside a word, as flags. The first and the last of ``scores`` must be -inf.

        Neighbouring labels change a lead by a bounded amount, so only scores near zero depend on them.
        """
        begin_begin, begin_inside, inside_begin, inside_inside = self._transitions
        inside: npt.NDArray[np.bool] = scores > self._surely_inside
        places = ((scores > self._surely_begin) ^ inside).nonzero()[0]
        if len(places) > _FEW:
            near = np.diff(places, prepend=-1, append=len(scores)) == 1
            lone = ~(near[:-1] | near[1:])  # both neighbours are certain
            at = places[lone]
            leads_of = scores[at] + np.array(self.given)[inside[at - 1].astype(np.intp)]
            inside[at] = leads_of > np.array(self.asked)[inside[at + 1].astype(np.intp)]
            places = places[~lone]
        unsure = places.tolist()
        leads: dict[int, float] = {}
        for at in unsure:
            before = leads.get(at - 1)
            if before is None:
                gain = self.given[int(inside[at - 1])]
            else:
                gain = max(begin_inside, before + inside_inside) - max(begin_begin, before + inside_begin)
            leads[at] = float(scores[at]) + gain
        for at in reversed(unsure):
            inside[at] = leads[at] > self.asked[int(inside[at + 1])]
        return inside


class _AnyObject:
    """Replace any class that the pickle names; keep its state."""

    def __init__(self, *args: Any) -> None: ...

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, dict):
            self.__dict__.update(state)


class _StateOnlyUnpickler(pickle.Unpickler):
    """Read the pickle's data without importing or running any class it names."""

    def find_class(self, module: str, name: str) -> Any:
        return _encode_latin if (module, name) == ("_codecs", "encode") else _AnyObject


def _encode_latin(text: str, encoding: str) -> bytes:
    return text.encode(encoding)


@cache
def pyvi_model() -> Model:
    """Load pyvi's segmentation model once; takes about 50 ms."""
    spec = importlib.util.find_spec("pyvi")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("pyvi is not installed; install timtin with its dependencies")
    folder = Path(next(iter(spec.submodule_search_locations))) / "models"
    with (folder / "pyvi3.pkl").open("rb") as file:
        wrapper = _StateOnlyUnpickler(file).load()
    inside, transitions = parse_crfsuite(wrapper.modelfile.__dict__["__FILE_RESOURCE_DATA__"])
    pairs: dict[str, set[str]] = {}
    triples: dict[str, dict[str, set[str]]] = {}
    for entry in (folder / "words.txt").read_text("utf-8").split("\n"):
        match entry.split(" "):
            case [first, second]:
                pairs.setdefault(first, set()).add(second)
            case [first, second, third]:
                triples.setdefault(first, {}).setdefault(second, set()).add(third)
    return Model(inside, transitions, pairs, triples)


def parse_crfsuite(data: bytes) -> tuple[dict[str, float], tuple[float, float, float, float]]:
    """Return the weights of a two-label CRFsuite model: by attribute, and the four transitions."""
    magic, kind = data[:4], data[8:12]
    if magic != b"lCRF" or kind != b"FOMC":
        raise ValueError(f"not a CRFsuite first-order model: starts with {magic!r} {kind!r}")
    (_features, _labels, _attributes, at_features, at_labels, at_attributes, _, _) = struct.unpack_from("<8I", data, 16)
    labels = _read_names(data, at_labels)
    attributes = _read_names(data, at_attributes)
    if len(labels) != 2 or _INSIDE not in labels.values():
        raise ValueError(f"the model has labels {sorted(labels.values())}, expected two, one of them {_INSIDE}")
    inside_label = next(number for number, name in labels.items() if name == _INSIDE)
    (count,) = struct.unpack_from("<I", data, at_features + 8)
    inside = dict.fromkeys(attributes.values(), 0.0)
    moves = [0.0, 0.0, 0.0, 0.0]
    for feature in range(count):
        kind_of, source, target, weight = struct.unpack_from("<3Id", data, at_features + 12 + 20 * feature)
        if kind_of == _STATE_FEATURE:
            inside[attributes[source]] += weight if target == inside_label else -weight
        else:
            moves[2 * (source == inside_label) + (target == inside_label)] = weight
    return inside, (moves[0], moves[1], moves[2], moves[3])


def _read_names(data: bytes, start: int) -> dict[int, str]:
    """Return the names by number of the CQDB table at ``start``, read through its backward index."""
    _size, _flag, _order, count, index_at = struct.unpack_from("<5I", data, start + 4)
    names = {}
    for offset in struct.unpack_from(f"<{count}I", data, start + index_at):
        if offset:
            number, length = struct.unpack_from("<2I", data, start + offset)
            names[number] = data[start + offset + 8 : start + offset + 8 + length].rstrip(b"\0").decode("utf-8")
    return names
