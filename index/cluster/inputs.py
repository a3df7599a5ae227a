"""The input log on a cluster: which file each stored article was read from.

The index of the inputs has a document for each input, at the place of its path, so that a path has one number whoever
begins it; and one for each article that an input has or has dropped. An article's own document says nothing of it: to
change that, its text would have to be analysed again.

Nothing here is done to several documents at once. So what is done first is what a file is read again for if the rest is
never done: a digest is erased before an article changes hands, an old path is forgotten before there is a new one.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from index.batches import batches
from index.cluster import entries
from index.cluster.connection import Cluster
from index.cluster.entries import Action, Entry
from index.cluster.mapping import beginning
from index.store.input_log import Input

_BATCH = 1000
_NAMES = "input-names"


class ClusterInputLog:
    """``InputLog`` on ``cluster``; safe to share between threads."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def own(self, owners: Mapping[str, int | None]) -> None:
        """Record the number of the input that has each article, by its id; None: no input has it, nor has dropped it.

        An input that loses an article to another one loses its digest.
        """
        for some in batches(owners.items(), _BATCH):
            wanted = dict(some)
            places = {_article(id): id for id in wanted}
            known = entries.read_many(self._cluster, self._cluster.inputs, list(places))
            losers, actions = set(), []
            for place, id in places.items():
                number = wanted[id]
                before = known[place].value.get("owner") if place in known else None
                if before is not None and before != number:
                    losers.add(before)
                if number is None and place in known:
                    actions.append(_deletion(place))
                elif number is not None and before != number:
                    actions.append(_writing(place, {"id": id, "owner": number}))
            if losers:
                self._erase_digests(losers)
            self._write(actions)

    def below(self, path: str) -> list[Input]:
        """Return the inputs at or below ``path``."""
        inside = f"{path.rstrip('/')}/"
        found = self._inputs({"bool": {"should": [{"term": {"path": path}}, beginning("path", inside)]}})
        return [one for one in found if one.path == path or one.path.startswith(inside)]

    def with_digest(self, prefix: str) -> list[Input]:
        """Return the inputs whose digest begins with ``prefix``."""
        return self._inputs({"prefix": {"digest": prefix}})

    def owners(self, ids: Sequence[str]) -> dict[str, str]:
        """Return the path of the input that each of these articles belongs to; articles without one are left out."""
        numbers: dict[str, int] = {}
        for some in batches(ids, _BATCH):
            known = entries.read_many(self._cluster, self._cluster.inputs, [_article(id) for id in some])
            numbers |= {e.value["id"]: e.value["owner"] for e in known.values() if "owner" in e.value}
        paths = {number: entry.value["path"] for number, entry in self._numbered(set(numbers.values())).items()}
        return {id: paths[number] for id, number in numbers.items() if number in paths}

    def ids(self, path: str) -> set[str]:
        """Return the ids of the articles that belong to the input at ``path``."""
        input = entries.read(self._cluster, self._cluster.inputs, _input(path))
        if input is None:
            return set()
        return {entry.value["id"] for entry in self._found({"term": {"owner": input.value["number"]}})}

    def dropped(self, path: str) -> set[str]:
        """Return the ids of the articles that inputs at or below ``path`` dropped."""
        found: set[str] = set()
        for some in batches((input.number for input in self.below(path)), _BATCH):
            found |= {entry.value["id"] for entry in self._found({"terms": {"dropped": some}})}
        return found

    def begin(self, paths: Iterable[str]) -> dict[str, int]:
        """Return the number of the input at each path, creating it if there is none, and erase its digest."""
        numbers: dict[str, int] = {}
        for some in batches(paths, _BATCH):
            left = dict.fromkeys(some)
            while left:  # again for those that someone else has changed meanwhile
                numbers |= self._begun(left)
                left = dict.fromkeys(path for path in left if path not in numbers)
        return numbers

    def finish(self, read: Iterable[tuple[int, str, int]]) -> None:
        """Record inputs that were read to their end, except those that have lost an article meanwhile."""
        for some in batches(read, _BATCH):
            inputs = self._numbered({number for number, _, _ in some})
            counts = self._counts(list(inputs))
            self._write(
                _writing(
                    _input(inputs[number].value["path"]), {**inputs[number].value, "digest": digest}, inputs[number]
                )
                for number, digest, count in some
                if number in inputs and counts[number] == count
            )  # one that has changed meanwhile stays without a digest, and is read again

    def drop(self, ids: Iterable[str]) -> None:
        """Record that the files of these articles no longer have them."""
        for some in batches(ids, _BATCH):
            known = entries.read_many(self._cluster, self._cluster.inputs, [_article(id) for id in some])
            self._write(
                _writing(place, {"id": entry.value["id"], "dropped": entry.value["owner"]}, entry)
                for place, entry in known.items()
                if "owner" in entry.value
            )

    def move(self, moves: Iterable[tuple[int, str]]) -> None:
        """Give each numbered input another path, in order; an input already at that path gets the old one."""
        for number, path in moves:
            moved = self._numbered({number}).get(number)
            if moved is None or moved.value["path"] == path:  # another run may have forgotten it
                continue
            left = moved.value["path"]
            there = entries.read(self._cluster, self._cluster.inputs, _input(path))
            actions = [_deletion(_input(left)), _writing(_input(path), {**moved.value, "path": path})]
            if there is not None:
                actions.append(_writing(_input(left), {**there.value, "path": left}))
            self._write(actions)

    def names(self) -> dict[str, dict[str, str]]:
        """Return what users have said that names stand for, by the path that they said it of."""
        found = entries.read(self._cluster, self._cluster.state, _NAMES)
        return {} if found is None else dict(json.loads(found.value["names"]))

    def keep_names(self, path: str, names: Mapping[str, str]) -> None:
        """Keep what names stand for in the files at or below ``path``, beside what was said of it before."""

        def changed(now: Mapping[str, Any] | None) -> Mapping[str, Any]:
            kept = {} if now is None else json.loads(now["names"])
            kept[path] = {**kept.get(path, {}), **names}
            return {"names": json.dumps(kept, ensure_ascii=False)}

        entries.change(self._cluster, self._cluster.state, _NAMES, changed)

    def forget(self, numbers: Iterable[int]) -> None:
        """Forget those of these inputs that have no articles and have dropped none."""
        for some in batches(numbers, _BATCH):
            inputs = self._numbered(set(some))
            owned, dropped = self._counts(list(inputs)), self._counts(list(inputs), "dropped")
            self._write(
                _deletion(_input(entry.value["path"]), entry)
                for number, entry in inputs.items()
                if not owned[number] and not dropped[number]
            )

    def _begun(self, paths: Iterable[str]) -> dict[str, int]:
        """Begin those inputs that nobody else changes at this moment; return their numbers by their paths."""
        places = {_input(path): path for path in paths}
        known = entries.read_many(self._cluster, self._cluster.inputs, list(places))
        new = [place for place in places if place not in known]
        first = entries.next_numbers(self._cluster, "inputs", len(new)) if new else 0
        values: dict[str, dict[str, Any]] = {
            place: {"number": first + at, "path": places[place]} for at, place in enumerate(new)
        }
        for place, entry in known.items():
            values[place] = {name: value for name, value in entry.value.items() if name != "digest"}
        actions = [_writing(place, value, known.get(place), new=place not in known) for place, value in values.items()]
        statuses = entries.bulk(self._cluster, self._cluster.inputs, actions)
        done = [place for place, status in zip(values, statuses, strict=True) if status < 300]
        return {places[place]: int(values[place]["number"]) for place in done}

    def _erase_digests(self, numbers: set[int]) -> None:
        def erased(now: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
            if now is None or "digest" not in now:
                return None
            return {name: value for name, value in now.items() if name != "digest"}

        for entry in self._numbered(numbers).values():
            entries.change(self._cluster, self._cluster.inputs, _input(entry.value["path"]), erased)

    def _write(self, actions: Iterable[Action]) -> None:
        entries.bulk(self._cluster, self._cluster.inputs, list(actions))

    def _inputs(self, query: Mapping[str, Any]) -> list[Input]:
        found: list[Input] = []
        for some in batches(self._found(query), _BATCH):
            counts = self._counts([entry.value["number"] for entry in some])
            for entry in some:
                number, path = entry.value["number"], entry.value["path"]
                found.append(Input(number, path, entry.value.get("digest"), counts[number]))
        return found

    def _numbered(self, numbers: set[int]) -> dict[int, Entry]:
        """Return the documents of these inputs, by their numbers."""
        found: dict[int, Entry] = {}
        for some in batches(numbers, _BATCH):
            found |= {entry.value["number"]: entry for entry in self._found({"terms": {"number": some}})}
        return found

    def _counts(self, numbers: Sequence[int], field: str = "owner") -> Counter[int]:
        """Return how many articles each of these inputs, at most ``_BATCH``, has or has ``dropped``."""
        if not numbers:
            return Counter()
        body = {
            "size": 0,
            "query": {"terms": {field: numbers}},
            "aggs": {"counts": {"terms": {"field": field, "size": len(numbers)}}},
        }
        self._refresh()
        buckets = self._cluster.search(self._cluster.inputs, body)["aggregations"]["counts"]["buckets"]
        return Counter({bucket["key"]: bucket["doc_count"] for bucket in buckets})

    def _found(self, query: Mapping[str, Any]) -> Iterator[Entry]:
        """Yield the documents that match, in the order in which they were written."""
        body: dict[str, Any] = {
            "query": {"bool": {"filter": [query]}},
            "sort": [{"_seq_no": "asc"}],
            "seq_no_primary_term": True,
            "track_total_hits": False,
        }
        self._refresh()
        for hit in self._cluster.pages(self._cluster.inputs, body, _BATCH):
            yield Entry(hit["_source"], (hit["_seq_no"], hit["_primary_term"]))

    def _refresh(self) -> None:
        self._cluster.ask("POST", self._cluster.inputs, "_refresh")


def _input(path: str) -> str:
    return f"input-{_hash(path)}"


def _article(id: str) -> str:
    return f"article-{_hash(id)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _writing(place: str, value: Mapping[str, Any], before: Entry | None = None, *, new: bool = False) -> Action:
    """Return the action that writes a document; if it still is as it was ``before``, or not there if it is ``new``."""
    return {"create" if new else "index": {"_id": place, **_if_still(before)}}, value


def _deletion(place: str, before: Entry | None = None) -> Action:
    return ({"delete": {"_id": place, **_if_still(before)}},)


def _if_still(before: Entry | None) -> dict[str, int]:
    return {} if before is None else {"if_seq_no": before.version[0], "if_primary_term": before.version[1]}
