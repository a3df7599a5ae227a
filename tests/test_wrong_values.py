"""What is wrong with a value is said in plain words, by every interface."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError

from index.article import article_from
from index.errors import InvalidInputError
from index.wrong_values import what_is_wrong
from search.parameters import SearchParameters, checked


class _Pair(BaseModel):
    first: int


def _refuse(value: str) -> str:
    raise ValueError(f"{value} is no colour")


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        (int, "mai", "should be a whole number"),
        (int, 1.5, "should be a whole number"),
        (float, "mai", "should be a number"),
        (bool, "maybe", "should be true or false"),
        (str, 1, "should be a text"),
        (list[int], 1, "should be a list"),
        (dict[str, int], 1, "should be an object"),
        (_Pair, 1, "should be an object"),
        (_Pair, {}, "is missing"),
        (Annotated[int, Field(le=100_000)], 100_001, "should be 100,000 or less"),
        (Annotated[float, Field(le=36500)], 1e9, "should be 36,500 or less"),
        (Annotated[int, Field(ge=1)], 0, "should be 1 or more"),
        (Annotated[float, Field(gt=0)], 0, "should be more than 0"),
        (Annotated[float, Field(lt=0.5)], 0.5, "should be less than 0.5"),
        (Annotated[str, Field(max_length=3)], "abcd", "should have at most 3 characters"),
        (Annotated[str, Field(min_length=1)], "", "should have at least 1 character"),
        (Annotated[str, AfterValidator(str.lower), Field(max_length=3)], "ABCD", "should have at most 3 characters"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "should have at most 1 entry"),
        (Literal["on", "off"], "up", "should be one of on or off"),
        (Annotated[str, AfterValidator(_refuse)], "x", "x is no colour"),
    ],
)
def test_a_wrong_value_is_told_what_it_should_be(kind: Any, value: object, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    assert [what_is_wrong(entry) for entry in caught.value.errors()] == [sentence]


def test_searches_and_articles_are_refused_in_these_words() -> None:
    with pytest.raises(InvalidInputError) as search:
        checked(SearchParameters, {"size": "1000", "match": "some"})
    with pytest.raises(InvalidInputError) as article:
        article_from({"id": "a", "title": 1, "lead": "a" * 100_001})
    problems = {problem.where: problem.what for caught in (search, article) for problem in caught.value.problems}
    assert problems == {
        "size": "should be 100 or less",
        "match": "should be one of auto, all or any",
        "title": "should be a text",
        "lead": "should have at most 100,000 characters",
    }
