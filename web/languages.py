"""The languages of the pages: Vietnamese and English, by the address, a cookie, else by what the browser asks for.

Texts are written in English where they are used, and translated by the catalogue of their room, which is named after
it: ``web/pages/translations/vi/LC_MESSAGES/pages.po``. ``make translations`` compiles the catalogues.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlencode

from flask import Flask, Response, request
from flask_babel import Babel, get_locale

LANGUAGES = ("vi", "en")
ROOMS = ("pages", "desk")
"""The rooms that have a catalogue."""
_COOKIE = "lang"
_YEAR = 31_536_000
_HERE = Path(__file__).parent


def init_app(app: Flask) -> None:
    """Let templates of ``app`` speak the language of the request."""
    Babel(
        app,
        default_locale=LANGUAGES[0],
        default_domain=";".join(ROOMS),
        default_translation_directories=";".join(str(_HERE / room / "translations") for room in ROOMS),
        default_timezone="Asia/Ho_Chi_Minh",
        locale_selector=_chosen,
    )
    app.context_processor(lambda: {"language": language(), "switch_language": _switch()})
    app.after_request(_remember)


def language() -> str:
    """Return the language of the current request, ``vi`` or ``en``."""
    return str(get_locale() or LANGUAGES[0])


def _chosen() -> str:
    for wanted in (request.args.get("lang"), request.cookies.get(_COOKIE)):
        if wanted in LANGUAGES:
            return str(wanted)
    return request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]


def _switch() -> str:
    """Return the address of this page in the other language."""
    other = LANGUAGES[1 - LANGUAGES.index(language())]
    path = f"{request.script_root}{request.path}" if request.method == "GET" else f"{request.script_root}/"
    return f"{quote(path)}?" + urlencode(
        [*((key, value) for key, value in request.args.items(multi=True) if key != "lang"), ("lang", other)]
    )


def _remember(response: Response) -> Response:
    """Remember a language that the address asks for."""
    wanted = request.args.get("lang")
    if wanted in LANGUAGES and response.mimetype == "text/html":
        response.set_cookie(_COOKIE, str(wanted), max_age=_YEAR, samesite="Lax", httponly=True)
    return response
