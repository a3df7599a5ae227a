"""What people are told when something went wrong, in the language of the page. Programs are told in English."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import format_decimal, gettext, ngettext

from index.errors import Problem


@dataclass(frozen=True, slots=True)
class ErrorText:
    """What happened, what to do about it, and whether the English detail tells more."""

    what: str
    advice: str
    has_details: bool = True


def shown_problems(errors: Sequence[Problem]) -> list[Problem]:
    """Return ``errors`` with what is wrong with each part in the language of the page; the part keeps its name.

    One whose ``code`` is not known stays as it is.
    """
    return [replace(error, what=_SENTENCES.get(error.code, _as_it_is(error))(error.values)) for error in errors]


def error_text(
    status: int, *, is_article: bool = False, is_slow: bool = False, seconds: int | None = None
) -> ErrorText:
    """Return what people are told of an error.

    ``is_article`` if the page of an article was asked for, ``is_slow`` if a search ran out of time; a client that
    waits ``seconds`` may try again.
    """
    match status:
        case 400:
            return ErrorText(
                gettext("Something in this address is not understood"),
                gettext("Correct what is named here, or begin a new search."),
            )
        case 401:
            return ErrorText(
                gettext("This page needs a key"),
                gettext("Enter the key as the password that the browser asks for, with any user name."),
            )
        case 403:
            return ErrorText(gettext("Your key may not do this"), gettext("Ask who runs this service for another key."))
        case 404 if is_article:
            return ErrorText(
                gettext("There is no such article"),
                gettext("It may have been removed, or its address is not complete. Search for words of its title."),
                has_details=False,
            )
        case 404:
            return ErrorText(
                gettext("There is nothing at this address"),
                gettext("Check the address, or search for what you want to read."),
                has_details=False,
            )
        case 405:
            return ErrorText(
                gettext("This address cannot be used that way"), gettext("Go back, and use the links of the page.")
            )
        case 413:
            return ErrorText(gettext("What was sent is too large"), gettext("Send less at a time."))
        case 429:
            return ErrorText(gettext("These are too many requests"), _wait(seconds), has_details=False)
        case 503 if is_slow:
            return ErrorText(
                gettext("The search took too long"),
                gettext("Use fewer words, or narrow the search by a source or dates."),
            )
        case 503:
            return ErrorText(gettext("The service cannot answer just now"), _wait(seconds))
        case 507:
            return ErrorText(
                gettext("The disk of the service is full"),
                gettext("Nothing that was stored is lost. Who runs the service has to free some space."),
            )
        case 500:
            return ErrorText(
                gettext("Something went wrong on the server"),
                gettext("Try again later. If it happens again, tell who runs the service."),
            )
    return ErrorText(
        gettext("The request could not be carried out"), gettext("Go back, and use the links of the page.")
    )


def _wait(seconds: int | None) -> str:
    if seconds is None:
        return str(gettext("Wait a little, then try again."))
    return str(ngettext("Wait %(num)s second, then try again.", "Wait %(num)s seconds, then try again.", seconds))


Sentence = Callable[[Mapping[str, Any]], str]


def _as_it_is(error: Problem) -> Sentence:
    return lambda _: error.what


def _whole_number(_: Mapping[str, Any]) -> str:
    return str(gettext("write a whole number, such as 10"))


def _number(_: Mapping[str, Any]) -> str:
    return str(gettext("write a number, such as 30 or 0.5"))


def _true_or_false(_: Mapping[str, Any]) -> str:
    return str(gettext("write true or false"))


def _at_least(values: Mapping[str, Any]) -> str:
    return str(gettext("write %(least)s or more", least=format_decimal(values["ge"])))


def _at_most(values: Mapping[str, Any]) -> str:
    return str(gettext("write %(most)s or less", most=format_decimal(values["le"])))


def _more_than(values: Mapping[str, Any]) -> str:
    return str(gettext("write more than %(least)s", least=format_decimal(values["gt"])))


def _too_long(values: Mapping[str, Any]) -> str:
    return str(gettext("write at most %(most)s characters", most=format_decimal(values["max_length"])))


def _one_of(values: Mapping[str, Any]) -> str:
    names = re.findall(r"[\w.-]+(?=')|(?<![\w'])[\w.-]+(?=,|$)", str(values["expected"]))
    return str(gettext("write one of these: %(names)s", names=", ".join(names)))


def _sort(values: Mapping[str, Any]) -> str:
    return str(
        gettext(
            "write one of these: %(names)s; or up to %(most)s keys such as published:desc,source:asc",
            names=values["names"],
            most=values["most"],
        )
    )


def _most_keys(values: Mapping[str, Any]) -> str:
    return str(gettext("write at most %(most)s keys", most=format_decimal(values["most"])))


def _each_once(_: Mapping[str, Any]) -> str:
    return str(gettext("write each key once"))


def _boost(_: Mapping[str, Any]) -> str:
    return str(gettext("write a field and a factor from 0 to 100, such as title:2"))


def _filter(values: Mapping[str, Any]) -> str:
    return str(gettext("write conditions such as source:A AND NOT author:B (%(why)s)", why=values["why"]))


def _date(_: Mapping[str, Any]) -> str:
    return str(gettext("write a year, a month or a day that there is, such as 2025, 2025-08 or 2025-08-27"))


def _last_page(values: Mapping[str, Any]) -> str:
    return str(
        gettext(
            "write %(last)s or less: the first %(depth)s articles can be paged through; narrow the search by dates",
            last=format_decimal(values["last"]),
            depth=format_decimal(values["depth"]),
        )
    )


_SENTENCES: Mapping[str, Sentence] = {
    **dict.fromkeys(("int_parsing", "int_parsing_size", "int_from_float", "int_type"), _whole_number),
    **dict.fromkeys(("float_parsing", "float_type", "finite_number"), _number),
    **dict.fromkeys(("bool_parsing", "bool_type"), _true_or_false),
    "greater_than_equal": _at_least,
    "less_than_equal": _at_most,
    "greater_than": _more_than,
    "string_too_long": _too_long,
    **dict.fromkeys(("enum", "literal_error"), _one_of),
    "not_one_of": _one_of,
    "sort": _sort,
    "sort_keys": _most_keys,
    "sort_keys_twice": _each_once,
    "boost": _boost,
    "filter": _filter,
    "not_a_date": _date,
    "page_depth": _last_page,
}
"""By ``Problem.code``: most are the types of pydantic's errors."""
