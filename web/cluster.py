"""Where an archive is, as the settings say it: what reaches a cluster, with the secrets in their files."""

from __future__ import annotations

from pathlib import Path

from search.archive import ClusterConfig
from web.configuration import SettingsError
from web.settings import Settings

_LONGEST = 100_000


def cluster_of(settings: Settings) -> ClusterConfig | None:
    """Return how to reach the cluster that has the archive; None if the data folder has it.

    Raises SettingsError if a file of secrets cannot be read, StoreError if the rest cannot be right.
    """
    if settings.engine != "opensearch":
        return None
    said = settings.cluster
    problems: list[str] = []
    password = _content("password_file", said.password_file, problems)
    api_key = _content("api_key_file", said.api_key_file, problems)
    ca = _content("ca_file", said.ca_file, problems)
    for name, file in (
        ("certificate_file", said.certificate_file),
        ("certificate_key_file", said.certificate_key_file),
    ):
        _content(name, file, problems)
    if bool(said.user) != (said.password_file is not None):
        problems.append("cluster.user and cluster.password_file: set both, or none")
    if said.user and said.api_key_file is not None:
        problems.append("cluster.user and cluster.api_key_file: set one of them")
    if (said.certificate_file is None) != (said.certificate_key_file is None):
        problems.append("cluster.certificate_file and cluster.certificate_key_file: set both, or none")
    if problems:
        raise SettingsError(problems)
    return ClusterConfig(
        hosts=settings.hosts,
        prefix=said.prefix,
        user=said.user or None,
        password=password,
        api_key=api_key,
        ca=ca,
        certificate=said.certificate_file,
        certificate_key=said.certificate_key_file,
        shards=said.shards,
        replicas=said.replicas,
        timeout=said.timeout,
    )


def _content(name: str, file: Path | None, problems: list[str]) -> str | None:
    """Return what a file holds, without spaces around it; its content is never part of a message."""
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            content = opened.read(_LONGEST).decode("utf-8").strip()
    except OSError as error:
        problems.append(f"cluster.{name}: {file} cannot be read: {error.strerror}")
        return None
    except UnicodeDecodeError:
        problems.append(f"cluster.{name}: {file} is not text in UTF-8")
        return None
    if not content:
        problems.append(f"cluster.{name}: {file} is empty")
    return content
