"""What a service may be told: one tree of settings, each with its default, its range and what it means.

``web.configuration`` reads it from a file, the environment and flags. A name, once released, stays.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_HOST = re.compile(r"\.?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\]")
_DAY = 86_400.0


def _parts(value: Any) -> Any:
    """Take a list as TOML writes it, or as text with commas between its parts."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return tuple(value) if isinstance(value, list) else value


def _path(value: Any) -> Any:
    return Path(value) if isinstance(value, str) and value else value


def _each(check: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(lambda values: tuple(check(value) for value in values))


def _is_folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError("should be a folder that exists")
    return path


def _bindable(host: str) -> str:
    if not host or re.search(r"[\s/]", host):
        raise ValueError("should be an address or a host name, such as 127.0.0.1, 0.0.0.0 or ::1")
    return host


def _web_address(value: str) -> str:
    """Return an http(s) URL without its last slash. Raises ValueError if it says more than where something is."""
    parts = urlsplit(value)
    try:
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound or parts.username is not None or re.search(r"[?#\s\\]", value):
        raise ValueError("should be an http or https URL without a query, such as https://tin.example.vn")
    return value.rstrip("/")


def _cluster_host(value: str) -> str:
    try:
        return _web_address(value)
    except ValueError:
        raise ValueError(
            "should be http or https URLs without user and password, such as https://search-1:9200;"
            " cluster.user and cluster.password_file are for these"
        ) from None


def _prefix(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,99}", value):
        raise ValueError("should be up to 100 of a-z, 0-9, - and _, a letter first")
    return value


def _origin(value: str) -> str:
    if value != "*" and (_web_address(value) != value or urlsplit(value).path):
        raise ValueError("should be * or origins such as https://example.vn")
    return value


def _host(value: str) -> str:
    if not _HOST.fullmatch(value.lower()):
        raise ValueError("should be host names without scheme or port: example.vn, or .example.vn for all below it")
    return value.lower()


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value, strict=False))
    except ValueError:
        raise ValueError("should be addresses or networks, such as 10.0.0.1 or 10.0.0.0/8") from None


Folder = Annotated[Path, BeforeValidator(_path)]
File = Annotated[Path, BeforeValidator(_path)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_parts)]
Seconds = Annotated[float, Field(gt=0, le=_DAY, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=1_000_000_000)]
Number = Annotated[int, Field(ge=1, le=1_000_000_000)]
Access = Literal["open", "key"]


class Section(BaseModel):
    """The base of all settings: they never change while a service runs, and a name that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ServerSettings(Section):
    """Where and how a service answers."""

    host: Annotated[str, AfterValidator(_bindable), Field(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535, description="port to listen on; 0: any free one")] = 8000
    workers: Annotated[
        Annotated[int, Field(ge=1, le=64)] | None,
        Field(description="processes that answer; none: one per processor, at most 4"),
    ] = None
    watch: Annotated[
        Annotated[Folder, AfterValidator(_is_folder)] | None, Field(description="folder whose articles are indexed too")
    ] = None
    public_url: Annotated[
        str,
        AfterValidator(lambda value: value and _web_address(value)),
        Field(description="URL that readers use, for links; empty: as the request says"),
    ] = ""
    hosts: Annotated[Texts, _each(_host), Field(description="host names that are answered; empty: any")] = ()
    trusted_proxies: Annotated[
        Texts, _each(_network), Field(description="addresses and networks whose X-Forwarded-* headers are believed")
    ] = ()
    cors_origins: Annotated[
        Texts, _each(_origin), Field(description="origins whose scripts may read answers, or *; empty: none")
    ] = ()
    drain_seconds: Annotated[Seconds, Field(description="longest that a stop waits for requests under way")] = 25.0


class AccessSettings(Section):
    """Who may ask."""

    search: Annotated[Access, Field(description="who may search and read: anyone, or who has a key")] = "open"
    metrics: Annotated[Access, Field(description="who may read /metrics: anyone, or who has an admin key")] = "open"


class LimitSettings(Section):
    """How much a service does for one client and for all."""

    requests_per_minute: Annotated[Count, Field(description="requests of one address a minute; 0: no limit")] = 0
    requests_per_minute_of_key: Annotated[Count, Field(description="requests of one key a minute; 0: no limit")] = 0
    connections: Annotated[Number, Field(description="open connections")] = 1000
    connections_of_address: Annotated[Count, Field(description="open connections of one address; 0: no limit")] = 200
    waiting: Annotated[Number, Field(description="requests that wait in one process")] = 400
    waiting_of_client: Annotated[Number, Field(description="requests of one client that wait in one process")] = 100
    waiting_seconds: Annotated[Seconds, Field(description="longest that a request waits for its turn")] = 10.0
    header_seconds: Annotated[Seconds, Field(description="longest that the head of a request may take")] = 15.0
    body_seconds: Annotated[Seconds, Field(description="longest that 16 KB of a body, or all of it, may take")] = 30.0
    write_seconds: Annotated[Seconds, Field(description="longest pause while a client reads its answer")] = 30.0
    idle_seconds: Annotated[Seconds, Field(description="longest that a connection stays open without a request")] = 30.0
    body_mb: Annotated[int, Field(ge=1, le=1_048_576, description="largest body of a request, in MB")] = 512
    search_ms: Annotated[
        int, Field(ge=1, le=3_600_000, description="longest that a search may take; timeout_ms can only be shorter")
    ] = 10_000
    query_characters: Annotated[int, Field(ge=1, le=10_000, description="longest query, in characters")] = 2000
    clauses: Annotated[int, Field(ge=1, le=100_000, description="clauses of one query")] = 256
    page_depth: Annotated[Number, Field(description="hits to page through")] = 10_000
    free_disk_mb: Annotated[Count, Field(description="writes are refused if the disk has less room, in MB")] = 100
    memory_mb: Annotated[Count, Field(description="a process that takes more is replaced, in MB; 0: no limit")] = 4096
    stuck_seconds: Annotated[
        Seconds,
        Field(
            description="a process is replaced if one of its requests takes longer; writes: 1 s more per MB of body_mb"
        ),
    ] = 60.0
    lines_of_body: Annotated[Number, Field(description="lines of one body")] = 1_000_000
    refused_of_body: Annotated[Number, Field(description="articles of one body refused before the rest is, too")] = (
        10_000
    )


class LogSettings(Section):
    """What a service says on standard error."""

    format: Annotated[Literal["text", "json"], Field(description="lines for people, or JSON for programs")] = "text"
    access: Annotated[bool, Field(description="a line for each request")] = True
    queries: Annotated[bool, Field(description="whether these lines have the text of queries")] = False
    searches: Annotated[
        bool, Field(description="whether the data folder keeps what is searched for, how often, and what that found")
    ] = False


class ClusterSettings(Section):
    """How the archive is kept on a cluster, if the engine is opensearch; secrets are in files."""

    prefix: Annotated[
        str, AfterValidator(_prefix), Field(description="what the names of all its indices begin with")
    ] = "timtin"
    shards: Annotated[
        int, Field(ge=1, le=1000, description="shards of the articles; heeded when an index is made or rebuilt")
    ] = 1
    replicas: Annotated[
        Annotated[int, Field(ge=0, le=10)] | None,
        Field(description="copies of each article beside the first; none: one, if there are two data nodes"),
    ] = None
    user: Annotated[str, Field(description="user of the cluster; empty: none")] = ""
    password_file: Annotated[File | None, Field(description="file with the user's password")] = None
    api_key_file: Annotated[File | None, Field(description="file with a key of the cluster, in place of a user")] = None
    ca_file: Annotated[
        File | None, Field(description="certificates (PEM) to trust in place of those of the system")
    ] = None
    certificate_file: Annotated[File | None, Field(description="certificate (PEM) that the client shows")] = None
    certificate_key_file: Annotated[File | None, Field(description="the key (PEM) of that certificate")] = None
    timeout: Annotated[Seconds, Field(description="longest that a request to the cluster is tried again")] = 30.0


class Settings(Section):
    """All settings of a service; secrets are not among them."""

    data: Annotated[Folder, Field(description="the data folder")] = Path("data")
    engine: Annotated[
        Literal["embedded", "opensearch"], Field(description="where the archive is: the data folder, or a cluster")
    ] = "embedded"
    hosts: Annotated[
        Texts, _each(_cluster_host), Field(description="URLs of the nodes of a cluster, if the engine is opensearch")
    ] = ()
    server: ServerSettings = ServerSettings()
    access: AccessSettings = AccessSettings()
    limits: LimitSettings = LimitSettings()
    log: LogSettings = LogSettings()
    cluster: ClusterSettings = ClusterSettings()
