"""The connection to a cluster: who is asked, how long, and what an answer that is none means.

All that talks to the cluster goes through ``Cluster.ask``. It asks another host, or the same one again, while a time
limit lasts, if the cluster says that it cannot now: no connection, 429, 502, 503, 504, or a block that will go. So
whatever is asked must bear to be asked twice.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import random
import ssl
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from opensearchpy import OpenSearch
from opensearchpy.exceptions import ConnectionError as NoConnectionError
from opensearchpy.exceptions import SerializationError, SSLError, TransportError

from index.cluster import mapping
from index.cluster.config import ClusterConfig as ClusterConfig
from index.errors import ClusterError, DiskFullError, StoreError

logging.getLogger("opensearch").setLevel(logging.CRITICAL)  # it logs addresses, and bodies, which are texts of users

OVERLOADED = frozenset({429, 502, 503, 504})
"""The statuses of what may succeed a little later."""
_LONGEST_ATTEMPT = 15.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_CONNECTIONS = 32
_DEAD_SECONDS = 5.0
_MOST_TOLD = 300


class Cluster:
    """A cluster that keeps one archive. Safe to share between threads, and to use in a process forked from this one."""

    def __init__(self, config: ClusterConfig) -> None:
        self.config = config
        self.articles = f"{config.prefix}-articles"
        """The alias of the articles, for reading and writing; tombstones of deleted ones too."""
        self.live = f"{config.prefix}-live"
        """The alias of the articles that are not deleted."""
        self.state = f"{config.prefix}-state"
        self.tasks = f"{config.prefix}-tasks"
        self.inputs = f"{config.prefix}-inputs"
        self.fetches = f"{config.prefix}-fetches"
        self._lock = threading.Lock()
        self._client: tuple[int, OpenSearch] | None = None
        self._own = {self.articles, self.live, self.state, self.tasks, self.inputs, self.fetches}
        self._is_whole = False

    def articles_index(self, number: int = 1) -> str:
        """Return the name of the index of this number that can stand behind the alias of the articles."""
        return f"{self.articles}-{number:06d}"

    def has_archive(self) -> bool:
        """Tell whether there is an archive with this prefix. Raises ClusterError."""
        # not of all indices: a user of the cluster may ask about its own alone
        answer = self.ask("GET", f"{self.articles}-*", "_alias", self.articles, expected={404})
        return bool(answer.get("status") != 404)

    def ensure(self) -> None:
        """Make the indices that are missing, before the first use of one of them; several servers may do it at once."""
        if self._is_whole:
            return
        copies = mapping.copies(self.config.replicas)
        if not self.has_archive():
            aliases = {self.articles: {"is_write_index": True}, self.live: {"filter": mapping.LIVE}}
            self.create(self.articles_index(), {**mapping.articles(self.config.shards, copies), "aliases": aliases})
        for name, body in (
            (self.state, mapping.STATE),
            (self.tasks, mapping.TASKS),
            (self.inputs, mapping.INPUTS),
            (self.fetches, mapping.FETCHES),
        ):
            settings = {**body["settings"], "number_of_shards": 1, **copies}
            if self.ask("GET", name, "_settings", expected={404}, ensured=True).get("status") == 404:
                self.create(name, {**body, "settings": settings})
        self._is_whole = True

    def create(self, index: str, body: Mapping[str, Any]) -> None:
        """Make an index, unless it is there already. Raises ClusterError."""
        params = {"wait_for_active_shards": "1"}
        answer = self.ask("PUT", index, body=body, params=params, expected={400}, ensured=True)
        if answer.get("status") == 400 and answer["error"]["type"] != "resource_already_exists_exception":
            raise ClusterError(f"the cluster cannot make the index {index}: {_reason(answer)}", 400)

    def ask(
        self,
        method: str,
        *path: str,
        body: Mapping[str, Any] | Sequence[Any] | bytes | None = None,
        params: Mapping[str, Any] | None = None,
        seconds: float | None = None,
        expected: Collection[int] = (),
        between: Callable[[], object] = lambda: None,
        ensured: bool = False,
    ) -> Any:
        """Return the answer to a request, as JSON; one that bears to be asked twice, trying ``seconds`` (the timeout).

        The parts of ``path`` may be any text, without commas unless these separate indices. A ``body`` that is a
        sequence is sent as lines of JSON, bytes as they are. The body of an answer whose status is ``expected`` is
        returned like any other; a refusal has it as ``status``. ``between`` is called before each attempt. Indices that
        are missing are made before, unless they are ``ensured``. Raises ClusterError, with the status, DiskFullError.
        """
        if path and path[0] in self._own and not ensured:
            self.ensure()
        patience = self.config.timeout if seconds is None else seconds
        deadline = time.monotonic() + patience
        url = "/" + "/".join(quote(part, safe=",*") for part in path)
        data, kind = _encoded(body)
        pause = _FIRST_PAUSE
        while True:
            between()
            left = max(deadline - time.monotonic(), 0.05)
            try:
                return self._opened().transport.perform_request(
                    method,
                    url,
                    params={name: _text(value) for name, value in (params or {}).items()},
                    body=data,
                    headers={"content-type": kind},
                    timeout=min(left, _LONGEST_ATTEMPT),
                    ignore=tuple(expected),
                )
            except (TransportError, SerializationError) as error:
                if not _may_pass(error) or time.monotonic() + pause >= deadline:
                    raise _as_ours(error, patience) from None
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 2, _LONGEST_PAUSE)

    def search(self, index: str, body: Mapping[str, Any], *, seconds: float | None = None) -> Any:
        """Return the answer to a search of ``index``, whole or not at all; "" searches the point in time of ``body``.

        Raises ClusterError; one that says 404 if the point in time is gone.
        """
        path = (index, "_search") if index else ("_search",)
        params = {"allow_partial_search_results": False}
        return self.ask("POST", *path, body=body, params=params, seconds=seconds)

    def pages(self, index: str, body: Mapping[str, Any], size: int) -> Iterator[Mapping[str, Any]]:
        """Yield all hits of a search, ``size`` at a time; by its ``sort``, no two are equal. Raises ClusterError."""
        after: dict[str, Any] = {}
        while True:
            hits = self.search(index, {**body, "size": size, **after})["hits"]["hits"]
            yield from hits
            if len(hits) < size:
                return
            after = {"search_after": hits[-1]["sort"]}

    def searches(self, index: str, bodies: Sequence[Mapping[str, Any]]) -> list[Any]:
        """Return the answers to several searches of ``index``, each whole. Raises ClusterError."""
        lines = [part for body in bodies for part in ({"allow_partial_search_results": False}, body)]
        deadline = time.monotonic() + self.config.timeout
        pause = _FIRST_PAUSE
        while True:
            answers: list[Any] = self.ask("POST", index, "_msearch", body=lines)["responses"]
            failed = next((answer for answer in answers if "error" in answer), None)
            if failed is None:
                return answers
            if not is_passing(failed["status"], failed) or time.monotonic() + pause > deadline:
                raise refusal(failed["status"], failed, self.config.timeout)
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def documents(self, index: str, ids: Sequence[str], fields: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Return documents as they are now, by their ids: ``fields`` of the ``_source``, and the ``_version``.

        Unknown ones are left out. Raises ClusterError.
        """
        found: dict[str, Mapping[str, Any]] = {}
        deadline = time.monotonic() + self.config.timeout
        left = list(ids)
        pause = _FIRST_PAUSE
        while left:
            params = {"_source_includes": ",".join(fields)}
            answer = self.ask("POST", index, "_mget", body={"ids": left}, params=params)["docs"]
            found.update((one["_id"], one) for one in answer if one.get("found"))
            if not (failed := [one for one in answer if "error" in one]):
                break
            if is_denied(failed[0]) or time.monotonic() + pause > deadline:
                raise refusal(503, failed[0], self.config.timeout)
            left = [one["_id"] for one in failed]
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return found

    def close(self) -> None:
        """Close the connections; the next request opens others."""
        with self._lock:
            if self._client is not None and self._client[0] == os.getpid():
                self._client[1].close()
            self._client = None

    def _opened(self) -> OpenSearch:
        """Return the client of this process: connections must not be shared with one that was forked."""
        pid = os.getpid()
        client = self._client
        if client is not None and client[0] == pid:
            return client[1]
        with self._lock:
            if self._client is None or self._client[0] != pid:
                self._client = pid, _client(self.config)
            return self._client[1]


def refusal(status: int, answer: Any, patience: float) -> ClusterError | DiskFullError:
    """Return the error for an answer, or for a part of one, that says no; ``patience`` is how long was tried."""
    reason = _reason(answer)
    if is_disk_full(answer):
        return disk_full(reason)
    if status == 401:
        return ClusterError(
            "the cluster does not know who asks (401): look at cluster.user and what is in its password_file,"
            " or at the api_key_file or certificate_file",
            401,
        )
    if is_denied(answer) or (status == 403 and not _is_block(answer)):
        return ClusterError(f"the cluster does not allow this (403): give the user the right to it: {reason}", 403)
    if status in OVERLOADED or _is_block(answer):
        return ClusterError(
            f"the cluster could not do this within {patience:g} seconds ({status}: {reason});"
            " look at its health and try again later",
            status,
        )
    return ClusterError(f"the cluster refused a request ({status}): {reason}", status)


def disk_full(reason: str) -> DiskFullError:
    """Return the error for a cluster that takes no more, because the disk of a node is too full."""
    return DiskFullError(
        "the cluster takes no more, because the disk of a node is too full: free some space or add a node,"
        f" it goes on by itself then ({reason}). No acknowledged write is lost."
    )


def is_disk_full(answer: Any) -> bool:
    """Tell whether an answer that says no says that a disk is too full."""
    reason = _reason(answer)
    return "disk usage exceeded" in reason or "read-only-allow-delete" in reason or "create-index blocked" in reason


def is_denied(answer: Any) -> bool:
    """Tell whether an answer, or a part of one, says that the user has no right to it."""
    error = answer.get("error", answer) if isinstance(answer, Mapping) else answer
    return isinstance(error, Mapping) and error.get("type") == "security_exception"


def is_passing(status: int, answer: Any) -> bool:
    """Tell whether an answer that says no, or a part of one, may be yes a little later."""
    return not is_disk_full(answer) and (status in OVERLOADED or _is_block(answer))


def _may_pass(error: TransportError | SerializationError) -> bool:
    if isinstance(error, NoConnectionError):
        return _of_tls(error) is None
    return isinstance(error, TransportError) and is_passing(int(error.status_code), error.info)


def _as_ours(error: TransportError | SerializationError, patience: float) -> ClusterError | DiskFullError:
    if isinstance(error, NoConnectionError) and (why := _of_tls(error)):
        return ClusterError(f"{why} ({_plain(error.error)})")
    if isinstance(error, NoConnectionError):
        return ClusterError(
            f"no host of the cluster answered within {patience:g} seconds: look whether it runs and can be reached,"
            f" and by http or https ({_plain(error.error)})"
        )
    if not isinstance(error, TransportError):
        return ClusterError("the host answers, but not as a cluster does: look at the address")
    return refusal(int(error.status_code), error.info, patience)


def _of_tls(error: NoConnectionError) -> str | None:
    """Return what is wrong with the certificates, or with http and https; None if it is neither."""
    said = str(error.error)
    if "CERTIFICATE_VERIFY_FAILED" in said:
        if "mismatch" in said:
            return "the certificate of the cluster is not for this host: write a name that is in it into hosts"
        return "the certificate of the cluster is not trusted: give the authority that signed it as cluster.ca_file"
    if "ALERT" in said and ("CERTIFICATE" in said or "UNKNOWN_CA" in said):
        return "the cluster wants a client's certificate, or another one: look at cluster.certificate_file"
    if isinstance(error, SSLError):
        return (
            "the host does not answer as https does: look whether its address begins with http or with https,"
            " and at cluster.certificate_file if that is set"
        )
    return None


def _reason(answer: Any) -> str:
    """Return why the cluster says no, in its words, without the texts that it may repeat."""
    error = answer.get("error", answer) if isinstance(answer, Mapping) else answer
    if isinstance(error, Mapping):
        causes = error.get("root_cause") or [error]
        cause = error.get("caused_by") or causes[0]
        error = f"{error.get('type')}: {error.get('reason')}"
        if isinstance(cause, Mapping) and cause.get("reason") and cause["reason"] not in error:
            error += f" ({cause['reason']})"
    return _plain(str(error).partition(" and User [")[0])  # not who asks, and the roles: clients may see this


def _plain(text: Any) -> str:
    line = " ".join(str(text).split())
    return line if len(line) <= _MOST_TOLD else f"{line[:_MOST_TOLD]}…"


def _is_block(answer: Any) -> bool:
    """Tell whether the cluster, or an index, is closed to this for now: no manager, or a rebuild that swaps."""
    error = answer.get("error", answer) if isinstance(answer, Mapping) else answer
    return isinstance(error, Mapping) and error.get("type") == "cluster_block_exception"


def _client(config: ClusterConfig) -> OpenSearch:
    options: dict[str, Any] = {}
    if any(host.startswith("https:") for host in config.hosts):
        try:
            context = options["ssl_context"] = ssl.create_default_context(cadata=config.ca)
        except (ssl.SSLError, ValueError, TypeError):
            raise StoreError("the certificate to trust the cluster by is no PEM text; look at its file") from None
        if config.certificate is not None:
            try:
                context.load_cert_chain(config.certificate, config.certificate_key, password="")  # else it asks for one
            except (OSError, ValueError) as error:
                raise StoreError(
                    f"the client certificate {config.certificate} and its key cannot be used: {error};"
                    " both should be files in PEM form, the key without a passphrase"
                ) from None
    return OpenSearch(
        [_host(address) for address in config.hosts],
        headers=_authorization(config),
        pool_maxsize=_CONNECTIONS,
        max_retries=len(config.hosts) - 1,
        retry_on_timeout=True,
        retry_on_status=(502, 503, 504),
        dead_timeout=_DEAD_SECONDS,
        **options,
    )


def _authorization(config: ClusterConfig) -> dict[str, str]:
    if config.user is not None:
        told = base64.b64encode(f"{config.user}:{config.password}".encode()).decode()
        return {"authorization": f"Basic {told}"}
    return {} if config.api_key is None else {"authorization": f"ApiKey {config.api_key}"}


def _host(address: str) -> dict[str, Any]:
    parts = urlsplit(address)
    host: dict[str, Any] = {
        "host": parts.hostname,
        "port": parts.port or (443 if parts.scheme == "https" else 80),
        "use_ssl": parts.scheme == "https",
    }
    return {**host, "url_prefix": parts.path.strip("/")} if parts.path.strip("/") else host


def _encoded(body: Mapping[str, Any] | Sequence[Any] | bytes | None) -> tuple[bytes | None, str]:
    if body is None or isinstance(body, bytes):
        return body, "application/x-ndjson" if body else "application/json"
    if isinstance(body, Mapping):
        return json_line(body)[:-1], "application/json"
    return b"".join(map(json_line, body)), "application/x-ndjson"


def json_line(value: Any) -> bytes:
    """Return ``value`` as a line of JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
