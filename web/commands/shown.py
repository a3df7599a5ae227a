"""Answers as text: what a search found, an article, tasks, how a text is cut."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import click

from web.terminal import one_line

_VIETNAM = timezone(timedelta(hours=7))
_KINDS = {"articles": "articles written", "reindex": "index built anew", "delete": "articles deleted by filter"}
_STREAMS = {
    "syllable": "syllables",
    "folded": "syllables without accents",
    "word": "words",
    "bigram": "neighbours",
    "pair": "neighbours without accents",
}


def show_answer(answer: Mapping[str, Any]) -> None:
    """Print the answer to a search."""
    if answer["partial"]:
        _say("the search ran out of time; hits may be missing or out of order")
    for note in answer["query"]["notes"]:
        _say(note["message"])
    total = answer["total"]
    having = "Few articles have" if total else "No article has"
    first = (answer["page"] - 1) * answer["size"] + 1
    show_hits(answer["hits"], first, f"{having} these words; these have their syllables apart:")
    if answer["query"]["corrected"] is not None:
        click.echo(f"Did you mean: {one_line(answer['query']['corrected'])}")
    at_least = "at least " if answer["total_is_lower_bound"] else ""
    click.echo(f"{at_least}{total} article{'s' if total != 1 else ''}, {answer['took_ms']} ms")


def show_hits(hits: Iterable[Mapping[str, Any]], first: int = 1, relaxed_follow: str = "") -> None:
    """Print hits, numbered from ``first``; a line goes before the first one that has the syllables apart."""
    relaxed = False
    for number, hit in enumerate(hits, first):
        if hit["relaxed"] and not relaxed:
            click.echo(relaxed_follow)
        relaxed = hit["relaxed"]
        copies = f"+{hit['copies']} near-cop{'ies' if hit['copies'] > 1 else 'y'}" if hit["copies"] else None
        about = " · ".join(part for part in (hit["id"], hit["published"], hit["source"], copies) if part)
        click.echo(f"{number:>3}. {_styled(hit['highlights']['title']) or hit['id']}\n     {one_line(about)}")
        for passage in hit["highlights"]["body"]:
            click.echo(f"     … {_styled(passage)}")


def _styled(marked_html: str) -> str:
    """Return marked HTML as one line for a terminal: marks in bold, which click leaves out in a pipe."""
    parts = [one_line(html.unescape(part)) for part in re.split(r"</?mark>", marked_html)]
    return "".join(click.style(part, bold=True) if at % 2 else part for at, part in enumerate(parts))


def show_article(article: Mapping[str, Any]) -> None:
    """Print an article."""
    names = ("id", "published", "source", "category", "author", "url")
    if article["title"]:
        click.echo(click.style(one_line(article["title"]), bold=True))
    click.echo(one_line(" · ".join(article[name] for name in names if article[name])))
    texts = (article["body"],) if article["lead"] in article["body"] else (article["lead"], article["body"])
    for text in filter(None, texts):
        click.echo()
        for line in text.splitlines():
            click.echo(one_line(line))


def show_task(task: Mapping[str, Any]) -> None:
    """Print a task in one line, and what failed in others."""
    done = ", ".join(f"{count:,} {name}" for name, count in task["counts"].items() if count)
    what = _KINDS.get(task["kind"], task["kind"])
    parts = (_local(task["created"]), f"{task['state']:<7}", task["id"], f"{what}{done and f': {done}'}")
    click.echo(one_line("  ".join(parts)))
    for error in task["errors"]:
        click.echo(one_line(f"    {error.get('detail', 'refused; why, is told with a key that may write')}"))


def _local(moment: str) -> str:
    """Return a moment in ISO 8601 as Vietnam's date and time."""
    at = datetime.fromisoformat(moment)
    return f"{(at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(_VIETNAM):%Y-%m-%d %H:%M:%S}"


def show_analysis(analysis: Mapping[str, Any]) -> None:
    """Print how a text is cut, and how it is understood as a query."""
    click.echo("As a query:")
    for line in _understood(analysis["query"]["tree"], "  "):
        click.echo(one_line(line))
    for note in analysis["query"]["notes"]:
        click.echo(f"  note: {one_line(note['message'])}")
    if analysis["query"]["corrected"] is not None:
        click.echo(f"  did you mean: {one_line(analysis['query']['corrected'])}")
    click.echo("As the text of an article:")
    for stream, tokens in analysis["streams"].items():
        click.echo(one_line(f"  {_STREAMS.get(stream, stream)}: {' | '.join(token['term'] for token in tokens)}"))


def _understood(node: Mapping[str, Any], indent: str) -> Iterator[str]:
    """Yield a query's tree in words, a line for each part."""
    field = f" in the {node['field']}" if node.get("field") else ""
    match node["kind"]:
        case "words":
            yield f"{indent}the words {' | '.join(node['words'])}{field}"
            for other in node["alternatives"]:
                yield f"{indent}  or {other['text']} instead of {other['instead_of']} ({other['origin']})"
        case "phrase" | "exact_accents" | "prefix":
            how = {"phrase": "just", "exact_accents": "with these accents", "prefix": "what begins with"}[node["kind"]]
            yield f"{indent}{how} “{node['text']}”{field}"
        case "label":
            yield f"{indent}the {node['field']} is {node['text']}"
        case "published":
            yield f"{indent}published from {node['from'] or 'the beginning'} to {node['to'] or 'now'}"
        case "and" | "or" | "not" as kind:
            yield f"{indent}{ {'and': 'all of', 'or': 'any of', 'not': 'none of'}[kind] }:"
            for inner in node["nodes"]:
                yield from _understood(inner, f"{indent}  ")
        case "all":
            yield f"{indent}all articles"
        case "none":
            yield f"{indent}nothing: there is no word in it"
        case kind:
            yield f"{indent}{kind}"


def _say(text: str) -> None:
    click.echo(f"timtin: {one_line(text)}", err=True)
