"""Article links: the part of a link that identifies the article, and a readable id made from it."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import parse_qsl, unquote, urlencode

from urllib3.util import Url, parse_url

from index.article import LONGEST_ID

_TRACKING = re.compile(
    r"utm_.+|fbclid|gclid|gclsrc|dclid|msclkid|yclid|twclid|wbraid|gbraid|mc_[ce]id|_g[al]|igsh(?:id)?|vero_id",
    re.IGNORECASE,
)
_DIGEST = 16


def clean_link(url: str) -> str:
    """Return ``url`` without its fragment and tracking parameters."""
    bare, _, _ = url.strip().partition("#")
    path, mark, query = bare.partition("?")
    kept = [part for part in query.split("&") if part and not _TRACKING.fullmatch(unquote(part.partition("=")[0]))]
    return path + (mark + "&".join(kept) if kept else "")


def article_id(url: str) -> str:
    """Return the id of the article at ``url``: its host, path and identifying parameters, in readable form.

    The id is the same for http and https, with and without ``www.``, tracking parameters, fragment and closing slash,
    and for any order of parameters and any Unicode form. What an id cannot hold is left out, and a digest of the whole
    added. Raises ValueError if ``url`` is not a web address.
    """
    parts = parse_url(clean_link(url))
    port = "" if parts.port in {None, 80, 443} else f":{parts.port}"
    query = urlencode(sorted(parse_qsl(parts.query or "", keep_blank_values=True)))
    address = f"{_host(parts)}{port}{parts.path or ''}{'?' if query else ''}{query}"
    exact = unicodedata.normalize("NFC", unquote(address))
    readable = "".join(sign if sign.isprintable() and sign != "\ufffd" else " " for sign in exact)
    steps = [step for step in re.sub(r"\s+", "-", readable.strip()).split("/") if step not in {"", ".", ".."}]
    id = "/".join(steps)
    if len(id) <= LONGEST_ID and id == exact.rstrip("/") and not id.endswith("/similar"):
        return id
    digest = hashlib.blake2b(exact.encode("utf-8"), digest_size=_DIGEST // 2).hexdigest()
    return f"{id[: LONGEST_ID - _DIGEST - 1].rstrip('/')}~{digest}"


def same_site(url: str, other: str) -> bool:
    """Tell whether two URLs have the same host, or one a subdomain of the other. Raises ValueError if one is no URL."""
    first, second = _host(parse_url(url)), _host(parse_url(other))
    return first == second or first.endswith(f".{second}") or second.endswith(f".{first}")


def _host(parts: Url) -> str:
    return (parts.host or "").rstrip(".").removeprefix("www.")
