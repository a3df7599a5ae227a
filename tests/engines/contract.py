"""What every engine must do; subclass ``EngineContract`` and give an ``engine`` fixture with an empty engine."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from index.article import Article
from index.dates import LOCAL_ZONE, period_days
from index.errors import ChangedError, SearchCancelledError, TaskCancelledError
from index.reading.ingest import ImportOptions, ingest
from index.store.article_store import TaskKind, TaskState
from search.archive import Archive
from search.deadline import Deadline
from search.engine import FacetCount, Filters, Request, Sort
from search.parameters import SearchParameters
from search.query.parser import parse
from search.runtime.index_follower import IndexFollower, bring_in_sync
from search.service import completions, copies_of, search
from tests.archives import check, similar
from tests.engines.asking import WIRE, article, ids, matched
from tests.engines.label_contract import LabelContract
from tests.engines.match_contract import MatchContract
from tests.engines.selection_contract import SelectionContract
from tests.engines.typing_contract import TypingContract


class EngineContract(LabelContract, MatchContract, SelectionContract, TypingContract):
    """The tests."""

    def test_empty_engine_finds_nothing(self, archive: Archive) -> None:
        found = archive.engine.retrieve(Request(parse("lúa"), facets=["year"]))
        assert (found.total, list(found.hits), found.facets) == (0, [], {"year": []})
        assert completions(archive, "lúa", 5) == []
        assert similar(archive, "x", 5) == []
        assert archive.store.get_many(["x"]) == {}
        assert archive.store.count() == 0

    def test_added_article_is_kept_at_once_and_found_after_commit(self, archive: Archive) -> None:
        result = archive.store.put([article("a")])
        assert result.added == ["a"]
        assert archive.store.get_many(["a"])["a"].body == "lúa gạo"
        assert not archive.in_sync(result.seq)
        bring_in_sync(archive)
        assert archive.in_sync(result.seq)
        assert archive.in_sync()
        assert ids(archive, "lúa") == ["a"]

    def test_replaced_article_is_found_by_its_new_text_alone(self, archive: Archive) -> None:
        archive.store.put([article("a", "lúa"), article("b", "lúa")])
        bring_in_sync(archive)
        assert archive.store.put([article("a", "ngô")]).updated == ["a"]
        bring_in_sync(archive)
        assert ids(archive, "lúa") == ["b"]
        assert ids(archive, "ngô") == ["a"]

    def test_same_article_again_changes_nothing(self, archive: Archive) -> None:
        first = archive.store.put([article("a")])
        second = archive.store.put([article("a")])
        assert (second.unchanged, second.seq) == (["a"], first.seq)

    def test_id_given_twice_keeps_the_last(self, archive: Archive) -> None:
        archive.store.put([article("a", "lúa"), article("a", "ngô")])
        bring_in_sync(archive)
        assert ids(archive, "lúa OR ngô") == ["a"]
        assert ids(archive, "ngô") == ["a"]

    def test_conditional_write_is_all_or_nothing(self, archive: Archive) -> None:
        archive.store.put([article("a")], only_if=lambda tag: tag is None)
        with pytest.raises(ChangedError):
            archive.store.put([article("b"), article("a", "ngô")], only_if=lambda tag: tag is None)
        with pytest.raises(ChangedError):
            archive.store.delete(["a"], only_if=lambda tag: tag != article("a").content_hash())
        assert archive.store.get_many(["a", "b"]) == {"a": article("a")}
        assert archive.store.delete(["a"], only_if=lambda tag: tag == article("a").content_hash()).deleted == ["a"]

    def test_deleted_article_is_gone(self, archive: Archive) -> None:
        archive.store.put([article("a"), article("b")])
        bring_in_sync(archive)
        assert archive.store.delete(["a", "unknown"]).deleted == ["a"]
        bring_in_sync(archive)
        assert ids(archive, "lúa") == ["b"]
        assert archive.store.get_many(["a"]) == {}
        archive.store.put([article("a")])
        bring_in_sync(archive)
        assert set(ids(archive, "lúa")) == {"a", "b"}

    def test_rebuild_changes_no_answer(self, archive: Archive) -> None:
        archive.store.put([article(f"a{number}", f"lúa gạo {'ngô ' * number}") for number in range(20)])
        bring_in_sync(archive)
        archive.store.delete(["a3"])
        bring_in_sync(archive)
        before = archive.engine.retrieve(Request(parse("lúa ngô"), size=30))
        archive.engine.rebuild()
        after = archive.engine.retrieve(Request(parse("lúa ngô"), size=30))
        assert [hit.id for hit in before.hits] == [hit.id for hit in after.hits]
        assert before.total == after.total == 18
        assert check(archive) == []

    def test_rebuild_that_is_cancelled_changes_nothing_and_another_may_follow(self, archive: Archive) -> None:
        archive.store.put([article(f"a{number}") for number in range(20)])
        bring_in_sync(archive)
        before, version = set(ids(archive, "lúa", size=30)), archive.engine.version()

        def cancel(_: int) -> None:
            raise TaskCancelledError

        with pytest.raises(TaskCancelledError):
            archive.engine.rebuild(progress=cancel)
        assert archive.engine.version() == version
        assert set(ids(archive, "lúa", size=30)) == before
        assert check(archive) == []
        archive.engine.rebuild()
        assert set(ids(archive, "lúa", size=30)) == before

    def test_filters(self, archive: Archive) -> None:
        archive.store.put(
            [
                article("a", source="Báo A", category="Kinh tế", author="An", published="2025-01-31T23:30"),
                article("b", source="Báo B", category="Kinh tế", author="Bình", published="2025-02-01"),
                article("c"),
            ]
        )
        bring_in_sync(archive)
        january = period_days("2025-01")
        assert ids(archive, "lúa", filters=Filters((("source", "Báo A"),))) == ["a"]
        assert ids(archive, "lúa", filters=Filters((("source", "Báo"),))) == []
        assert set(ids(archive, "lúa", filters=Filters((("category", "Kinh tế"),)))) == {"a", "b"}
        assert ids(archive, "lúa", filters=Filters((("author", "An"), ("category", "Kinh tế")))) == ["a"]
        assert ids(archive, "lúa", filters=Filters(first_day=january[0], last_day=january[1])) == ["a"]

    def test_instant_with_an_offset_counts_for_its_day_in_vietnam(self, archive: Archive) -> None:
        archive.store.put([article("a", published="2025-01-31T18:00:00+00:00")])
        bring_in_sync(archive)
        first, last = period_days("2025-02-01")
        assert ids(archive, "lúa", filters=Filters(first_day=first, last_day=last)) == ["a"]

    @pytest.mark.parametrize("sort", Sort)
    def test_search_out_of_time_finds_what_it_says(self, archive: Archive, sort: Sort) -> None:
        archive.store.put([article(f"a{n}", f"lúa gạo {'ngô ' * n}", published=f"202{n}-01-01") for n in range(8)])
        bring_in_sync(archive)
        for query in ("lúa", "lúa gạo", "ngô -lúa", "ngô lúa", " OR ".join(f"lúa gạo{n} OR ngô" for n in range(9))):
            whole = archive.engine.retrieve(Request(parse(query), sort=sort, facets=["year"]))
            found = archive.engine.retrieve(Request(parse(query), sort=sort, facets=["year"], deadline=Deadline(0)))
            assert {hit.id for hit in found.hits} <= {hit.id for hit in whole.hits}
            assert found.total <= whole.total if found.at_least else found.total == whole.total
            assert found.partial or found == whole

    def test_search_that_nobody_waits_for_is_dropped(self, archive: Archive) -> None:
        archive.store.put([article("a")])
        bring_in_sync(archive)
        deadline = Deadline()
        assert archive.engine.retrieve(Request(parse("lúa"), deadline=deadline)).total == 1
        deadline.cancel()
        with pytest.raises(SearchCancelledError):
            archive.engine.retrieve(Request(parse("lúa"), deadline=deadline))

    def test_order_by_date(self, archive: Archive) -> None:
        archive.store.put(
            [article("old", published="2020-01-01"), article("none"), article("new", published="2025-01-01")]
        )
        bring_in_sync(archive)
        assert ids(archive, "lúa", sort=Sort.NEWEST) == ["new", "old", "none"]
        assert ids(archive, "lúa", sort=Sort.OLDEST) == ["old", "new", "none"]

    def test_facets_count_all_hits_not_only_those_shown(self, archive: Archive) -> None:
        archive.store.put([article(f"a{n}", source=f"Báo {n % 2}", published=f"202{n}-03-01") for n in range(5)])
        bring_in_sync(archive)
        found = archive.engine.retrieve(Request(parse("lúa"), size=1, facets=["source", "year", "author"]))
        assert found.total == 5
        assert [(c.value, c.count) for c in found.facets["source"]] == [("Báo 0", 3), ("Báo 1", 2)]
        assert [c.value for c in found.facets["year"]] == ["2024", "2023", "2022", "2021", "2020"]
        assert found.facets["author"] == []

    def test_start_and_size_cut_the_hits(self, archive: Archive) -> None:
        archive.store.put([article(f"a{number:02d}", "lúa " * (number + 1)) for number in range(25)])
        bring_in_sync(archive)
        whole = ids(archive, "lúa", size=100)
        assert len(whole) == 25
        assert [hit for start in (0, 10, 20) for hit in ids(archive, "lúa", start=start, size=10)] == whole
        assert ids(archive, "lúa", start=30) == []

    def test_near_copies_are_one_hit_where_that_is_asked_for(self, archive: Archive) -> None:
        archive.store.put([article(f"a{n}", f"{WIRE} báo {n}", source=f"Báo {n}") for n in range(3)])
        archive.store.put([article(f"b{n}") for n in range(3)])
        bring_in_sync(archive)
        facets = ["source"]
        every = archive.engine.retrieve(Request(parse("gạo"), facets=facets))
        found = archive.engine.retrieve(Request(parse("gạo"), facets=facets, collapse=True))
        assert (every.total, every.stories, {hit.copies for hit in every.hits}) == (6, 6, {0})
        assert (found.total, found.stories, found.facets) == (6, 4, every.facets)
        told = next(hit for hit in every.hits if hit.id.startswith("a")).id
        shown = [hit.id for hit in every.hits if hit.id.startswith("b") or hit.id == told]
        assert [(hit.id, hit.copies) for hit in found.hits] == [(id, 2 if id == told else 0) for id in shown]
        [paged] = archive.engine.retrieve(Request(parse("gạo"), start=3, size=9, collapse=True)).hits
        assert paged.id == shown[3]
        assert {hit.id for hit in similar(archive, "a0", 9)} & {"a0", "a1", "a2"} == set()

    def test_near_copies_of_a_hit_are_listed_where_that_is_asked_for(self, archive: Archive) -> None:
        archive.store.put([article(f"a{n}", f"{WIRE} báo {n}", source=f"Báo {n}") for n in (2, 0, 3, 1)])
        archive.store.put([article("b", "gạo")])
        bring_in_sync(archive)
        found = archive.engine.retrieve(Request(parse("gạo"), collapse=True, copies=2))
        listed = {hit.id: list(hit.copy_ids) for hit in found.hits}
        told = next(hit.id for hit in found.hits if hit.copies)
        assert listed == {told: [id for id in ("a2", "a0", "a3", "a1") if id != told][:2], "b": []}
        without = archive.engine.retrieve(Request(parse("gạo"), collapse=True))
        assert [replace(hit, copy_ids=()) for hit in found.hits] == list(without.hits)
        some = Request(parse("gạo"), filters=Filters((("source", f"Báo {told[1]}"),)), collapse=True, copies=9)
        assert [(hit.id, list(hit.copy_ids)) for hit in archive.engine.retrieve(some).hits] == [(told, [])]
        [shown, _] = search(archive, SearchParameters(q="gạo", copies=20)).hits
        assert [copy.id for copy in shown.copied] == [id for id in ("a2", "a0", "a3", "a1") if id != told]
        assert {copy.source for copy in shown.copied} == {f"Báo {n}" for n in range(4)} - {f"Báo {told[1]}"}

    def test_near_copies_of_an_article_are_listed_whatever_the_query(self, archive: Archive) -> None:
        assert archive.engine.copies("a0", 9) == []
        archive.store.put([article(f"a{n}", f"{WIRE} báo {n}") for n in (2, 0, 3, 1)])
        archive.store.put([article("b"), article("c")])
        bring_in_sync(archive)
        assert [hit.id for hit in archive.engine.copies("a0", 9)] == ["a2", "a3", "a1"]
        assert [hit.id for hit in archive.engine.copies("a2", 2)] == ["a0", "a3"]
        assert archive.engine.copies("b", 9) == archive.engine.copies("unknown", 9) == []
        archive.store.delete(["a3"])
        bring_in_sync(archive)
        assert [copy.id for copy in copies_of(archive, "a0", 9)] == ["a2", "a1"]
        assert copies_of(archive, "b", 9) == copies_of(archive, "unknown", 9) == copies_of(archive, "a3", 9) == []

    def test_similar_articles_share_telling_words(self, archive: Archive) -> None:
        archive.store.put(
            [
                article("a", "nông dân thu hoạch lúa gạo ở đồng bằng sông Cửu Long"),
                article("b", "giá lúa gạo ở đồng bằng sông Cửu Long tăng"),
                article("c", "đội tuyển bóng đá thắng trận đầu tiên"),
            ]
        )
        bring_in_sync(archive)
        assert next(hit.id for hit in similar(archive, "a", 5)) == "b"

    def test_abbreviations_are_learned_from_the_articles(self, archive: Archive) -> None:
        archive.store.put(
            [article("defined", "Về hội nhập quốc tế (HNQT)."), article("long", "Hội nhập quốc tế sâu rộng.")]
        )
        bring_in_sync(archive)
        answer = search(archive, SearchParameters(q="HNQT"))
        assert [hit.article.id for hit in answer.hits] == ["defined", "long"]
        assert list(answer.expanded) == ["hội nhập quốc tế"]

    def test_the_end_of_a_long_form_is_none(self, archive: Archive) -> None:
        archive.store.put([article("vff0", "Liên đoàn bóng đá Việt Nam (VFF) họp.")])
        archive.store.put([article("vff1", "Đội tuyển trẻ của Việt Nam (VFF) đi xa.")])
        archive.store.put([article(f"x{n}", "Kinh tế Việt Nam tăng.") for n in range(30)])
        bring_in_sync(archive)
        assert matched(archive, "VFF") == {"vff0", "vff1"}

    def test_an_alternative_is_found_with_its_accents(self, archive: Archive) -> None:
        archive.store.put([article("defined", "Cục An ninh (CAN) họp."), article("short", "CAN nói sẽ mở rộng.")])
        archive.store.put([article("other", "Cần câu gãy, ao cạn nước.")])
        bring_in_sync(archive)
        assert matched(archive, "Cục An ninh") == {"defined", "short"}

    def test_version_differs_after_every_change_that_searches_see(self, archive: Archive) -> None:
        seen = [archive.version()]
        archive.store.put([article("a")])
        seen.append(archive.version())
        bring_in_sync(archive)
        seen.append(archive.version())
        archive.store.delete(["a"])
        bring_in_sync(archive)
        seen.append(archive.version())
        assert len(set(seen)) == len(seen)
        assert archive.version() == seen[-1]

    def test_request_for_no_hits_counts(self, archive: Archive) -> None:
        archive.store.put([article("a", source="Báo"), article("b")])
        bring_in_sync(archive)
        found = archive.engine.retrieve(Request(parse("lúa"), size=0, facets=["source"]))
        assert (found.total, list(found.hits), list(found.facets["source"])) == (2, [], [FacetCount("Báo", 1)])

    def test_changes_are_listed_once_at_their_latest_number(self, archive: Archive) -> None:
        archive.store.put([article("a"), article("b")])
        archive.store.put([article("a", "ngô")])
        archive.store.delete(["b"])
        changes = archive.store.changes_after(0, 10)
        assert [(change.id, change.article is None) for change in changes] == [("a", False), ("b", True)]
        assert [change.seq for change in changes] == sorted(change.seq for change in changes)
        assert archive.store.changes_after(changes[0].seq, 10) == changes[1:]
        assert archive.store.changes_after(archive.store.last_seq(), 10) == []

    def test_days_count_the_articles_stored_on_them(self, archive: Archive) -> None:
        store = archive.store
        assert (store.last_stamp(), store.stored_per_day(date(2000, 1, 1))) == (None, {})
        before = datetime.now(UTC).replace(microsecond=0)
        store.put([Article(id="a", body="một"), Article(id="b", body="hai")])
        store.put([Article(id="a", body="ba")])
        last = store.last_stamp()
        assert last is not None
        assert last.id == "a"
        assert before <= datetime.fromisoformat(last.stored_at) <= datetime.now(UTC)
        today = datetime.fromisoformat(last.stored_at).astimezone(LOCAL_ZONE).date()
        assert sum(store.stored_per_day(today - timedelta(days=1)).values()) == 2
        assert store.stored_per_day(today + timedelta(days=2)) == {}
        store.delete(["a"])
        assert sum(store.stored_per_day(date(2000, 1, 1)).values()) == 1

    def test_tasks_end_when_searches_see_their_writes(self, archive: Archive) -> None:
        task = archive.store.tasks.written(archive.store.put([article("a")]).seq, {"received": 1}, [])
        follower = IndexFollower(archive, interval=0.01)
        rebuild = follower.request_rebuild()
        assert follower.request_rebuild().id == rebuild.id
        follower.start()
        deadline = time.monotonic() + 120
        while any(archive.store.tasks.unfinished(kind) for kind in TaskKind):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        follower.stop()
        assert archive.in_sync()
        states = [archive.store.tasks.get(id) for id in (task.id, rebuild.id)]
        assert [one.state for one in states if one] == [TaskState.DONE] * 2

    def test_folder_is_read_again_where_it_has_changed(self, archive: Archive, tmp_path: Path) -> None:
        folder = tmp_path / "bài"
        folder.mkdir()
        for name, text in (("a", "Lúa gạo."), ("b", "Ngô khoai."), ("c", "Mía đường.")):
            (folder / f"{name}.txt").write_text(f"{text}\n", "utf-8")

        def read(prune: bool = False) -> dict[str, int]:
            summary = asdict(ingest([str(folder)], archive.store, archive.engine, ImportOptions(prune=prune)))
            return {name: int(str(summary[name])) for name in ("added", "updated", "unchanged", "moved", "removed")}

        assert read() == {"added": 3, "updated": 0, "unchanged": 0, "moved": 0, "removed": 0}
        (folder / "a.txt").write_text("Lúa mì.\n", "utf-8")
        (folder / "b.txt").rename(folder / "d.txt")
        (folder / "c.txt").unlink()
        assert read(prune=True) == {"added": 0, "updated": 1, "unchanged": 0, "moved": 1, "removed": 1}
        assert ids(archive, "lúa mì") == ["a"]
        assert ids(archive, "ngô") == ["b"]
        assert ids(archive, "mía") == []

    def test_readers_and_a_writer_do_not_disturb_each_other(self, archive: Archive) -> None:
        archive.store.put([article(f"a{number}", f"lúa gạo mùa {number}") for number in range(30)])
        bring_in_sync(archive)
        failures: list[BaseException] = []
        stop = threading.Event()

        def read() -> None:
            try:
                while not stop.is_set():
                    found = archive.engine.retrieve(Request(parse('"lúa gạo" mùa'), size=100, facets=["year"]))
                    assert found.total >= 30
            except BaseException as error:
                failures.append(error)

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        for number in range(12):
            archive.store.put([article(f"b{number}", "lúa gạo mùa mới"), article("a0", f"lúa gạo mùa {number}")])
            if number == 6:
                archive.engine.rebuild()
            bring_in_sync(archive)
        stop.set()
        for reader in readers:
            reader.join()
        assert failures == []
        assert check(archive) == []
        assert archive.engine.retrieve(Request(parse("lúa"))).total == 42
