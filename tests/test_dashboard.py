"""The dashboard and the alerts of the guide ask for metrics that there are."""

from __future__ import annotations

import json
import re
from typing import Any

from flask.testing import FlaskClient

from tests.conftest import ROOT

SERIES = {"histogram": ("_bucket", "_sum", "_count")}


def panels() -> list[dict[str, Any]]:
    board = json.loads((ROOT / "docs" / "grafana" / "timtin.json").read_text("utf-8"))
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def alerts() -> str:
    """Return the rules of the guide."""
    (rules,) = re.findall(r"```yaml\n(groups:.*?)```", (ROOT / "docs" / "operating.md").read_text("utf-8"), re.DOTALL)
    return str(rules)


def served(client: FlaskClient) -> set[str]:
    """Return the names of the series that a service gives."""
    assert client.get("/api/v1/search?q=bưởi").status_code == 200
    kinds = re.findall(r"^# TYPE (\S+) (\w+)$", client.get("/metrics").text, re.MULTILINE)
    return {name + end for name, kind in kinds for end in SERIES.get(kind, ("",))}


def test_every_metric_asked_for_is_served(client: FlaskClient) -> None:
    there = served(client)
    queries = [target["expr"] for panel in panels() for target in panel["targets"]]
    asked = {name for query in [*queries, alerts()] for name in re.findall(r"\btimtin_\w+", query)}
    assert len(asked) > 10
    assert asked - there == set()


def test_labels_asked_for_are_served(client: FlaskClient) -> None:
    queries = [target["expr"] for panel in panels() for target in panel["targets"]]
    by = {label for query in queries for labels in re.findall(r"by \(([^)]*)\)", query) for label in labels.split(", ")}
    assert client.get("/api/v1/search?q=bưởi").status_code == 200
    labels = set(re.findall(r'[{,](\w+)="', client.get("/metrics").text))
    assert by - labels <= {"reason"}  # nothing was refused


def test_panels_do_not_overlap_and_have_numbers_of_their_own() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels():
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in panels()}) == len(panels())
