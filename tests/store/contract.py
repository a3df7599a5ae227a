"""What every store of articles must do; each one subclasses ``StoreContract`` with a ``store`` fixture."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from index.article import LABELS, Article
from index.dates import LOCAL_ZONE
from index.errors import ChangedError
from index.store.article_store import ArticleStore, Fetched, TaskKind, TaskState
from index.store.articles import SqliteArticleStore

ODD_IDS = (
    *("_id", "_doc", "~x", "~", "a/b/c", "...", "a..b", "%2e%2e", "a b", "a?b#c", "a,b", "*", '"', "\\", "x" * 200),
    *("🙂" * 200, "ế" * 200, "中", "\u202eab", "null", "-", "+1", "_all"),
)
"""Ids that an article may have, and those that a reader of earlier versions let through."""
UNCHECKED_IDS = ("..", ".", "a\nb", "a\x00b", "\x1f", " ", "x" * 5000, "/", "//", "a/similar")


def article(id: str, body: str = "lúa gạo", **fields: str) -> Article:
    return Article(id=id, body=body, **fields)


def unchecked(id: str, **fields: str) -> Article:
    """Return an article that validation would refuse."""
    return article("a").model_copy(update={"id": id, **fields})


def in_another_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


class StoreContract:
    """The tests."""

    def test_empty_store_has_nothing(self, store: ArticleStore) -> None:
        assert (store.count(), store.last_seq(), store.last_stamp()) == (0, 0, None)
        assert (store.get("a"), store.get_many(["a"]), store.stored_at(["a"])) == (None, {}, {})
        assert (store.changes_after(0, 10), list(store.articles()), store.stamps(0, 10)) == ([], [], [])
        assert (store.last_stamps(5), store.stored_per_day(date(2000, 1, 1)), store.verify()) == ([], {}, [])
        assert store.obstacle() is None
        result = store.put([])
        assert (result.added, result.updated, result.unchanged, result.seq) == ([], [], [], 0)
        assert store.delete(["a", "b"]).deleted == []

    def test_put_tells_what_became_of_each_article(self, store: ArticleStore) -> None:
        first = store.put([article("a"), article("b"), article("c")])
        assert (first.added, first.updated, first.unchanged) == (["a", "b", "c"], [], [])
        second = store.put([article("d"), article("b", "ngô"), article("a"), article("c", "khoai")])
        assert (second.added, second.updated, second.unchanged) == (["d"], ["b", "c"], ["a"])
        assert second.seq == store.last_seq() == first.seq + 3
        third = store.put([article("a")])
        assert (third.added, third.updated, third.unchanged, third.seq) == ([], [], ["a"], second.seq)
        assert store.count() == 4

    def test_article_is_read_as_it_was_written(self, store: ArticleStore) -> None:
        whole = Article(
            id="tin/1",
            title="Hội nghị 🙂\u2028",
            body="Một\nhai\tba\u0301 \x00\x7f\ufeff",
            lead="Một",
            published="2025-01-06T18:24:00+07:00",
            source="Báo | Mới",
            url="https://bao.vn/?a=b&c=%20",
            author="A; B",
            category="Kinh tế",
            lang="en",
            extra={"z": [1, 2.5, 1e300, -0.0, 10**30, None, True, ""], "a": {"": {"x.y": {}}, "*": [[]]}, "ỗ": "🙂"},
        )
        store.put([whole, article("b")])
        assert store.get("tin/1") == whole
        found = store.get_many(["b", "tin/1", "không có", "b"])
        assert found == {"tin/1": whole, "b": article("b")}
        assert next(store.articles()).model_dump_json() == whole.model_dump_json()
        assert store.changes_after(0, 1)[0].article == whole

    def test_of_the_same_id_twice_the_last_article_stays(self, store: ArticleStore) -> None:
        result = store.put([article("a", "một"), article("b"), article("a", "hai"), article("a", "hai"), article("b")])
        assert (result.added, result.updated, result.unchanged) == (["a", "b"], ["a"], ["a", "b"])
        assert result.seq == 3
        found = store.get("a")
        assert found is not None
        assert found.body == "hai"
        assert [(change.seq, change.id) for change in store.changes_after(0, 10)] == [(2, "b"), (3, "a")]
        assert store.put([article("a", "ba"), article("a", "hai")]).updated == ["a", "a"]
        assert [(stamp.seq, stamp.id) for stamp in store.stamps(1, 9)] == [(2, "b"), (5, "a")]

    def test_deleted_article_is_gone_and_leaves_its_number(self, store: ArticleStore) -> None:
        store.put([article("a"), article("b"), article("c")])
        result = store.delete(["b", "x", "a"])
        assert (result.deleted, result.seq) == (["b", "a"], 5)
        assert (store.get("a"), store.count(), store.last_seq()) == (None, 1, 5)
        assert store.get_many(["a", "b", "c"]) == {"c": article("c")}
        assert [one.id for one in store.articles()] == ["c"]
        assert [(change.seq, change.id, change.article is None) for change in store.changes_after(0, 10)] == [
            (3, "c", False), (4, "b", True), (5, "a", True),
        ]  # fmt: skip
        assert store.delete(["a", "b"]).deleted == []
        again = store.put([article("a")])
        assert (again.added, again.seq) == (["a"], 6)
        assert [change.seq for change in store.changes_after(3, 10)] == [4, 6]

    def test_changes_come_in_order_from_where_one_stopped(self, store: ArticleStore) -> None:
        store.put([article(f"a{number}") for number in range(150)])
        store.delete([f"a{number}" for number in range(0, 150, 10)])
        store.put([article("a5", "ngô")])
        whole = store.changes_after(0, 1000)
        assert len(whole) == 150
        assert [change.seq for change in whole] == sorted(change.seq for change in whole)
        listed, seq = [], 0
        while some := store.changes_after(seq, 7):
            assert len(some) <= 7
            listed += some
            seq = some[-1].seq
        assert listed == whole
        assert seq == store.last_seq() == 166
        assert whole[-1].article == article("a5", "ngô")
        assert len(store.changes_after(0, 149)) == 149

    def test_articles_are_those_of_one_moment_in_order(self, store: ArticleStore) -> None:
        store.put([article(f"a{number}") for number in range(120)])
        store.put([article("a7", "ngô")])
        every = store.articles()
        found = [next(every)]

        def write() -> None:
            store.put([article("a3", "sắn"), article("b")])
            store.delete(["a100"])

        in_another_thread(write)
        found += every
        assert [one.id for one in found] == [f"a{number}" for number in range(120) if number != 7] + ["a7"]
        assert found[-1].body == "ngô"
        assert {one.body for one in found[:-1]} == {"lúa gạo"}
        assert {one.id for one in store.articles()} == {f"a{number}" for number in range(120) if number != 100} | {"b"}

    def test_stamps_tell_when_each_article_was_last_written(self, store: ArticleStore) -> None:
        before = datetime.now(UTC).replace(microsecond=0)
        store.put([article(f"a{number}") for number in range(1, 8)])
        store.put([article("a2", "ngô")])
        store.delete(["a5"])
        listed = store.stamps(1, store.last_seq())
        assert [(stamp.seq, stamp.id) for stamp in listed] == [
            (1, "a1"), (3, "a3"), (4, "a4"), (6, "a6"), (7, "a7"), (8, "a2"),
        ]  # fmt: skip
        assert (store.stamps(3, 6), store.stamps(9, 100), store.stamps(5, 5)) == (listed[1:4], [], [])
        assert [stamp.seq for stamp in store.last_stamps(3)] == [3, 6, 8]
        assert [stamp.seq for stamp in store.last_stamps(1)] == [1, 3, 4, 6, 7, 8]
        assert store.last_stamps(100) == listed[-1:] == [store.last_stamp()]
        for stamp in listed:
            assert before <= datetime.fromisoformat(stamp.stored_at) <= datetime.now(UTC)
        known = {stamp.id: stamp.stored_at for stamp in listed}
        assert store.stored_at(["a2", "a5", "none", "a1"]) == {"a2": known["a2"], "a1": known["a1"]}

    def test_days_count_the_articles_last_stored_on_them(self, store: ArticleStore) -> None:
        before = datetime.now(LOCAL_ZONE).date()
        store.put([article("a"), article("b"), article("c")])
        store.put([article("a", "ngô")])
        store.delete(["c"])
        days = store.stored_per_day(before)
        assert sum(days.values()) == 2
        assert set(days) <= {(before + timedelta(days=number)).isoformat() for number in (0, 1)}
        assert store.stored_per_day(before + timedelta(days=2)) == {}
        assert store.stored_per_day(date.min) == days

    @pytest.mark.parametrize("id", [*ODD_IDS, *UNCHECKED_IDS], ids=ascii)
    def test_any_id_can_be_written_read_and_deleted(self, store: ArticleStore, id: str) -> None:
        other = unchecked(id + "x")
        assert store.put([unchecked(id), other]).added == [id, id + "x"]
        assert store.put([unchecked(id)]).unchanged == [id]
        assert store.get(id) == unchecked(id)
        assert [stamp.id for stamp in store.stamps(1, 2)] == [id, id + "x"]
        assert store.stored_at([id]).keys() == {id}
        assert store.delete([id]).deleted == [id]
        assert store.get_many([id, other.id]) == {other.id: other}
        assert [(change.id, change.article) for change in store.changes_after(0, 9)] == [(other.id, other), (id, None)]

    def test_ids_that_share_their_beginning_are_different_articles(self, store: ArticleStore) -> None:
        ids = [f"{'ế' * 199}{end}" for end in "abc"]
        store.put([article(id, f"tin {id[-1]}") for id in ids])
        assert {id: one.body[-1] for id, one in store.get_many(ids).items()} == {id: id[-1] for id in ids}

    def test_long_terms_and_labels_are_no_obstacle(self, store: ArticleStore) -> None:
        long = article("a", f"đầu {'ế' * 40_000} cuối {'x' * 40_000}/{'9' * 40_000}").model_copy(
            update={"title": "x" * 40_000, **dict.fromkeys(LABELS, "🙂" * 5_000)}
        )
        several = article("b").model_copy(update={"category": "; ".join("ế" * 5_000 + str(n) for n in range(3))})
        assert store.put([long, several]).added == ["a", "b"]
        assert store.get_many(["a", "b"]) == {"a": long, "b": several}
        assert store.count() == 2

    def test_many_articles_at_once_have_consecutive_numbers_in_their_order(self, store: ArticleStore) -> None:
        store.put([article("trước")])
        many = [article(f"a{number}", f"tin số {number} " * 20) for number in range(300)]
        result = store.put(many)
        assert (result.added, result.seq) == ([one.id for one in many], 301)
        assert [stamp.id for stamp in store.stamps(2, 301)] == [one.id for one in many]
        assert store.count() == 301

    def test_writers_at_once_lose_nothing(self, store: ArticleStore) -> None:
        seqs: list[list[int]] = [[] for _ in range(4)]
        failed: list[Exception] = []

        def write(writer: int) -> None:
            try:
                for number in range(8):
                    written = [article(f"w{writer}-{number}"), article("chung", f"của {writer} số {number}")]
                    seqs[writer].append(store.put(written).seq)
            except Exception as error:
                failed.append(error)

        threads = [threading.Thread(target=write, args=[writer]) for writer in range(len(seqs))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failed
        assert all(own == sorted(own) for own in seqs)
        last = max(range(len(seqs)), key=lambda writer: seqs[writer][-1])
        found = store.get("chung")
        assert found is not None
        assert found.body == f"của {last} số 7"
        assert [stamp.id for stamp in store.stamps(1, store.last_seq())][-1] == "chung"
        assert store.count() == 33
        assert store.last_seq() == max(map(max, seqs))

    def test_applied_number_only_rises(self, store: ArticleStore) -> None:
        store.record_applied(5)
        store.record_applied(3)
        assert store.highest_applied() == 5
        store.record_applied(8)
        assert store.highest_applied() == 8

    def test_identity_stays(self, store: ArticleStore) -> None:
        assert store.identity() == store.identity() != ""

    def test_sound_store_has_no_problems(self, store: ArticleStore) -> None:
        store.put([article(f"a{number}") for number in range(60)])
        store.delete(["a3"])
        assert store.verify() == store.verify(30) == []
        assert "restore" in store.how_to_restore() or "backup" in store.how_to_restore()

    def test_backup_has_all_articles_of_a_moment(self, store: ArticleStore, tmp_path: Path) -> None:
        store.put([article(f"a{number}", f"tin {number}") for number in range(70)])
        store.put([article("a3", "ngô")])
        store.delete(["a5"])
        file = tmp_path / "copy.sqlite"
        assert store.back_up(file) == []
        copy = SqliteArticleStore(file)
        assert list(copy.articles()) == list(store.articles())
        assert copy.identity() != store.identity()
        copy.close()
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("copy.sqlite.")] == []
        with pytest.raises(Exception, match="already exists"):
            store.back_up(file)

    def test_bulk_write_is_a_task_until_it_has_ended(self, store: ArticleStore) -> None:
        task = store.tasks.written(7, {"received": 2}, [{"index": number} for number in range(200)])
        assert (task.kind, task.state, task.seq, len(task.errors)) == (TaskKind.ARTICLES, TaskState.WAITING, 7, 100)
        assert store.tasks.get(task.id) == task
        assert store.tasks.unfinished(TaskKind.ARTICLES) == [task]
        store.tasks.end(task.id)
        ended = store.tasks.get(task.id)
        assert ended is not None
        assert ended.state is TaskState.DONE
        assert ended.finished is not None
        assert store.tasks.unfinished(TaskKind.ARTICLES) == []
        assert store.tasks.get("x") is None

    def test_rebuild_is_asked_for_once_and_counts(self, store: ArticleStore) -> None:
        asked = store.tasks.request_rebuild()
        assert store.tasks.request_rebuild().id == asked.id
        store.tasks.begin(asked.id)
        store.tasks.count(asked.id, {"indexed": 5})
        running = store.tasks.unfinished(TaskKind.REINDEX)
        assert [(task.state, dict(task.counts)) for task in running] == [(TaskState.RUNNING, {"indexed": 5})]
        other = store.tasks.request_rebuild()
        assert other.id != asked.id
        store.tasks.end(asked.id, "đĩa đầy")
        failed = store.tasks.get(asked.id)
        assert failed is not None
        assert (failed.state, list(failed.errors)) == (TaskState.FAILED, [{"detail": "đĩa đầy"}])
        assert [task.id for task in store.tasks.latest(10)] == [other.id, asked.id]
        assert [task.id for task in store.tasks.latest(10, TaskState.FAILED)] == [asked.id]
        assert [task.id for task in store.tasks.latest(1)] == [other.id]

    def test_deletion_is_a_task_that_knows_what_to_delete(self, store: ArticleStore) -> None:
        wanted = {"source": ["Báo A"], "from": "2025"}
        asked = store.tasks.request_deletion(wanted, 7)
        assert (asked.kind, asked.state, asked.seq, asked.filters) == (TaskKind.DELETE, TaskState.WAITING, 7, wanted)
        assert store.tasks.get(asked.id) == asked
        assert store.tasks.request_deletion(wanted, 8).id != asked.id
        store.tasks.begin(asked.id)
        store.tasks.count(asked.id, {"deleted": 3})
        running = [(task.state, dict(task.counts)) for task in store.tasks.unfinished(TaskKind.DELETE)]
        assert running == [(TaskState.RUNNING, {"deleted": 3}), (TaskState.WAITING, {"deleted": 0})]
        store.tasks.end(asked.id)
        assert [task.seq for task in store.tasks.unfinished(TaskKind.DELETE)] == [8]
        assert store.tasks.unfinished(TaskKind.REINDEX) == []

    def test_waiting_task_is_cancelled_at_once_and_never_begins(self, store: ArticleStore) -> None:
        for asked in (store.tasks.request_rebuild(), store.tasks.request_deletion({"source": "Báo A"}, 7)):
            cancelled = store.tasks.cancel(asked.id)
            assert cancelled is not None
            assert cancelled.state is TaskState.CANCELLED
            assert cancelled.finished is not None
            assert not store.tasks.begin(asked.id)
            store.tasks.count(asked.id, {"deleted": 9})
            store.tasks.end(asked.id, "too late")
            assert store.tasks.cancel(asked.id) == store.tasks.get(asked.id) == cancelled
            assert store.tasks.unfinished(asked.kind) == []
        assert store.tasks.request_rebuild().state is TaskState.WAITING

    def test_running_task_is_being_cancelled_until_it_is_ended(self, store: ArticleStore) -> None:
        asked = store.tasks.request_deletion({"source": "Báo A"}, 7)
        assert store.tasks.begin(asked.id)
        cancelling = store.tasks.cancel(asked.id)
        assert cancelling is not None
        assert (cancelling.state, cancelling.finished) == (TaskState.CANCELLING, None)
        assert store.tasks.cancel(asked.id) == cancelling
        assert store.tasks.begin(asked.id)  # as of the process that goes on with it
        store.tasks.count(asked.id, {"deleted": 3})
        assert [task.state for task in store.tasks.unfinished(TaskKind.DELETE)] == [TaskState.CANCELLING]
        store.tasks.end(asked.id, cancelled=True)
        ended = store.tasks.get(asked.id)
        assert ended is not None
        assert (ended.state, ended.counts, ended.errors) == (TaskState.CANCELLED, {"deleted": 3}, [])
        assert ended.finished is not None
        assert store.tasks.latest(9, TaskState.CANCELLED) == [ended]

    def test_what_has_ended_is_not_cancelled_and_a_bulk_write_never_is(self, store: ArticleStore) -> None:
        asked = store.tasks.request_rebuild()
        store.tasks.begin(asked.id)
        store.tasks.cancel(asked.id)
        store.tasks.end(asked.id)  # it was done before it could be told
        done = store.tasks.get(asked.id)
        assert done is not None
        assert done.state is TaskState.DONE
        assert store.tasks.cancel(asked.id) == done
        written = store.tasks.written(7, {"received": 2}, [])
        assert store.tasks.cancel(written.id) == written
        assert store.tasks.cancel("x") is None

    def test_condition_is_asked_of_each_article_as_it_is_then(self, store: ArticleStore) -> None:
        seen: list[str | None] = []

        def any_of_them(tag: str | None) -> bool:
            seen.append(tag)
            return True

        first, second = article("a"), article("a", "ngô")
        assert store.put([first, second, article("b")], only_if=any_of_them).added == ["a", "b"]
        assert store.put([second], only_if=any_of_them).unchanged == ["a"]
        assert store.delete(["a", "c"], only_if=any_of_them).deleted == ["a"]
        tag = second.content_hash()
        assert seen == [None, first.content_hash(), None, tag, tag, None]
        with pytest.raises(ChangedError):
            store.put([article("c"), article("c", "ngô")], only_if=lambda tag: tag is None)
        with pytest.raises(ChangedError):
            store.delete(["b", "a"], only_if=lambda tag: tag is not None)
        assert set(store.get_many(["a", "b", "c"])) == {"b"}

    def test_article_belongs_to_the_input_it_was_put_with(self, store: ArticleStore) -> None:
        numbers = store.inputs.begin(["/tin/a.txt", "/tin/b.txt", "/khac/c.txt"])
        assert len(set(numbers.values())) == 3
        one, other = numbers["/tin/a.txt"], numbers["/tin/b.txt"]
        store.put([article("a"), article("b"), article("c")], [one, one, None])
        assert store.inputs.owners(["a", "b", "c", "x"]) == {"a": "/tin/a.txt", "b": "/tin/a.txt"}
        assert store.inputs.ids("/tin/a.txt") == {"a", "b"}
        store.inputs.finish([(one, "abc1", 2), (other, "abd2", 0)])
        below = {input.path: input for input in store.inputs.below("/tin")}
        assert {path: (one.digest, one.articles) for path, one in below.items()} == {
            "/tin/a.txt": ("abc1", 2), "/tin/b.txt": ("abd2", 0),
        }  # fmt: skip
        assert [input.number for input in store.inputs.with_digest("abc")] == [one]
        assert store.inputs.begin(["/tin/b.txt"]) == {"/tin/b.txt": other}
        assert store.inputs.below("/tin/b.txt")[0].digest is None

    @pytest.mark.parametrize("body", ["lúa gạo", "ngô"])
    def test_input_that_loses_an_article_to_another_one_is_read_again(self, store: ArticleStore, body: str) -> None:
        numbers = store.inputs.begin(["/a", "/b"])
        store.put([article("x"), article("y")], [numbers["/a"], numbers["/b"]])
        store.inputs.finish([(numbers["/a"], "11", 1), (numbers["/b"], "22", 1)])
        store.put([article("x", body)], [numbers["/b"]])
        assert store.inputs.owners(["x", "y"]) == {"x": "/b", "y": "/b"}
        found = {input.path: (input.digest, input.articles) for input in store.inputs.below("/")}
        assert found == {"/a": (None, 0), "/b": ("22", 2)}
        store.inputs.finish([(numbers["/a"], "33", 1)])  # it has lost one since
        assert store.inputs.below("/a")[0].digest is None

    def test_same_article_from_no_input_leaves_it_to_its_own(self, store: ArticleStore) -> None:
        numbers = store.inputs.begin(["/a"])
        store.put([article("x"), article("y")], [numbers["/a"], numbers["/a"]])
        store.inputs.finish([(numbers["/a"], "11", 2)])
        store.put([article("x")])
        assert store.inputs.below("/a")[0].digest == "11"
        store.put([article("x", "ngô")])
        assert store.inputs.owners(["x", "y"]) == {"y": "/a"}
        assert store.inputs.below("/a")[0].digest is None

    def test_dropped_article_is_remembered_until_another_input_has_it(self, store: ArticleStore) -> None:
        numbers = store.inputs.begin(["/tin/a", "/tin/b"])
        store.put([article("x"), article("y")], [numbers["/tin/a"]] * 2)
        store.inputs.drop(["x"])
        assert (store.inputs.owners(["x"]), store.inputs.dropped("/tin")) == ({}, {"x"})
        assert store.inputs.ids("/tin/a") == {"y"}
        store.inputs.forget(numbers.values())
        assert [input.path for input in store.inputs.below("/tin")] == ["/tin/a"]
        store.put([article("x")], [numbers["/tin/a"]])
        assert (store.inputs.owners(["x"]), store.inputs.dropped("/tin")) == ({"x": "/tin/a"}, set())
        store.inputs.drop(["x", "y"])
        store.delete(["x"])
        assert store.inputs.dropped("/tin") == {"y"}

    def test_deleted_article_is_lost_to_its_input(self, store: ArticleStore) -> None:
        numbers = store.inputs.begin(["/a"])
        store.put([article("x")], [numbers["/a"]])
        store.inputs.finish([(numbers["/a"], "11", 1)])
        store.delete(["x"])
        assert store.inputs.ids("/a") == set()
        assert store.inputs.below("/a")[0].digest is None

    def test_inputs_change_places(self, store: ArticleStore) -> None:
        numbers = store.inputs.begin(["/a", "/b"])
        store.inputs.move([(numbers["/a"], "/b")])
        assert {input.path: input.number for input in store.inputs.below("/")} == {
            "/a": numbers["/b"], "/b": numbers["/a"],
        }  # fmt: skip
        store.inputs.move([(numbers["/a"], "/c")])
        assert [input.path for input in store.inputs.below("/c")] == ["/c"]

    def test_names_are_kept_by_path(self, store: ArticleStore) -> None:
        assert store.inputs.names() == {}
        store.inputs.keep_names("/a", {"tieu_de": "title"})
        store.inputs.keep_names("/a", {"nd": "body"})
        store.inputs.keep_names("/b", {"x": "url"})
        assert store.inputs.names() == {"/a": {"tieu_de": "title", "nd": "body"}, "/b": {"x": "url"}}

    def test_fetch_is_known_until_its_article_is_deleted(self, store: ArticleStore) -> None:
        at = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
        assert store.fetches.known("https://a.vn/1", "x") is None
        store.fetches.note([Fetched("https://a.vn/1", at, "e1", "m1"), Fetched("https://a.vn/2", at)])
        store.fetches.note([Fetched("https://a.vn/1", at, "e2")])
        assert store.fetches.known("https://a.vn/1", "x") == Fetched("https://a.vn/1", at, "e2")
        store.put([article("x")])
        assert store.fetches.known("https://a.vn/1", "x") is not None
        store.delete(["x"])
        assert store.fetches.known("https://a.vn/1", "x") is None
        assert store.fetches.known("https://a.vn/2", "y") == Fetched("https://a.vn/2", at)
        store.put([article("x")])
        assert store.fetches.known("https://a.vn/1", "x") is not None
