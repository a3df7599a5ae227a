"""JSON-LD, as pages and programs state it: the types of a node, which ones are articles, what a reference refers to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Node = Mapping[str, Any]

_ARTICLE_TYPES = {"BlogPosting", "LiveBlogPosting", "Report", "Review"}


def types_of(node: Node) -> set[str]:
    """Return the types of a node, without the address of their vocabulary."""
    stated = node.get("@type")
    return {name.rpartition("/")[2] for name in (stated if isinstance(stated, list) else [stated]) if type(name) is str}


def is_article(node: Node) -> bool:
    """Tell whether a node describes an article."""
    return any(type.endswith("Article") or type in _ARTICLE_TYPES for type in types_of(node))


def by_id(nodes: list[Node]) -> dict[str, Node]:
    """Return the nodes that say more than their id, by it."""
    return {node["@id"]: node for node in nodes if isinstance(node.get("@id"), str) and len(node) > 1}


def referred(value: Any, known: Mapping[str, Node]) -> Any:
    """Return a value with what ``known`` has of the nodes that it refers to, in a list too."""
    if isinstance(value, list):
        return [referred(part, known) for part in value]
    id = value.get("@id") if isinstance(value, Mapping) else None
    return {**known.get(id, {}), **value} if isinstance(id, str) else value
