"""A cluster to test on that somebody else runs, with TLS and users for instance.

``TIMTIN_TEST_CLUSTER_HOSTS=https://127.0.0.1:9200`` names it; TIMTIN_TEST_CLUSTER_USER, _PASSWORD_FILE, _CA_FILE and so
on say what TIMTIN_CLUSTER_USER and so on say to timtin. The user needs the rights of docs/operating.md on ``test-*``.
"""

from __future__ import annotations

import base64
import os
import ssl
import urllib.request
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from index.cluster.config import ClusterConfig
from web.cluster import cluster_of
from web.configuration import load_settings

_SAID = {name.removeprefix("TIMTIN_TEST_"): value for name, value in os.environ.items()}
HOSTS = _SAID.get("CLUSTER_HOSTS", "")
ENVIRONMENT = {
    f"TIMTIN_{name}": value for name, value in _SAID.items() if name.startswith("CLUSTER_") and name != "CLUSTER_HOSTS"
}
"""What processes of timtin are told of that cluster; nothing where the tests run one of their own."""
CONFIG = cluster_of(load_settings({"engine": "opensearch"}, {"TIMTIN_HOSTS": HOSTS, **ENVIRONMENT})) if HOSTS else None


def config_of(hosts: Iterable[str], prefix: str, **options: Any) -> ClusterConfig:
    """Return how to reach the cluster at ``hosts``, by whom the environment names."""
    if CONFIG is None:
        return ClusterConfig(tuple(hosts), prefix, **options)
    return replace(CONFIG, hosts=tuple(hosts), prefix=prefix, **options)


def opener() -> urllib.request.OpenerDirector:
    """Return what asks clusters without timtin, by no proxy and as the same user."""
    context = ssl.create_default_context(cadata=CONFIG and CONFIG.ca)
    if CONFIG is not None and CONFIG.certificate is not None:
        context.load_cert_chain(CONFIG.certificate, CONFIG.certificate_key)
    made = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    if CONFIG is not None and CONFIG.user is not None:
        told = base64.b64encode(f"{CONFIG.user}:{CONFIG.password}".encode()).decode()
        made.addheaders = [("Authorization", f"Basic {told}")]
    return made
