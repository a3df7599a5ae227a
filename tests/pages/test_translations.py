"""Every text of the pages is in the Vietnamese catalogues, and what the service reads is what they say."""

from __future__ import annotations

import re

import pytest

from docs.translations import catalogue, compiled, read, texts, untranslated
from web.languages import ROOMS

PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|\{\w+\}")


@pytest.mark.parametrize("room", ROOMS)
def test_each_text_has_a_translation_with_its_placeholders(room: str) -> None:
    catalog = read(room)
    known = {message.id for message in catalog if message.id}
    assert known == set(texts(room))
    assert untranslated(catalog) == []
    for message in catalog:
        if message.id and isinstance(message.id, str):
            assert sorted(PLACEHOLDER.findall(message.id)) == sorted(PLACEHOLDER.findall(str(message.string)))
        elif message.id:
            assert set(PLACEHOLDER.findall(message.id[1])) == set(PLACEHOLDER.findall(message.string[0]))


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_read_is_what_the_catalogue_says(room: str) -> None:
    assert catalogue(room).with_suffix(".mo").read_bytes() == compiled(read(room))
