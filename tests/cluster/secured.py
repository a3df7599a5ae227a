"""A node with the security plugin: TLS, and users who have the roles of docs/operating.md."""

from __future__ import annotations

import os
import re
import shutil
import ssl
import urllib.request
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from tests.alone import PLACE_OF_THIS_RUN, ROOT
from tests.cluster.certificates import certify
from tests.cluster.server import NOBODY, Nodes, ask, distribution, fetch, locked
from tests.processes import wait_for

VERSION = "2.19.1"
"""The last one whose security plugin can be had from Maven."""
PASSWORD = "Quýt ngọt 3 mùa mưa!"
_PLUGIN = "opensearch-security"
_SETTINGS = """
plugins.security.ssl.transport.pemcert_filepath: node.pem
plugins.security.ssl.transport.pemkey_filepath: node.key
plugins.security.ssl.transport.pemtrustedcas_filepath: ca.pem
plugins.security.ssl.http.enabled: true
plugins.security.ssl.http.pemcert_filepath: node.pem
plugins.security.ssl.http.pemkey_filepath: node.key
plugins.security.ssl.http.pemtrustedcas_filepath: ca.pem
plugins.security.ssl.http.clientauth_mode: OPTIONAL
plugins.security.allow_default_init_securityindex: true
plugins.security.nodes_dn: ["CN=node,O=tests"]
plugins.security.authcz.admin_dn: ["CN=admin,O=tests"]
"""
_DOMAINS = """
_meta: {type: config, config_version: 2}
config:
  dynamic:
    authc:
      certificate:
        http_enabled: true
        order: 1
        http_authenticator: {type: clientcert, challenge: false, config: {username_attribute: cn}}
        authentication_backend: {type: noop}
      password:
        http_enabled: true
        order: 2
        http_authenticator: {type: basic, challenge: true}
        authentication_backend: {type: intern}
"""


class SecuredNode(Nodes):
    """A node for whom the client is whom its certificate or its password says; the tests ask as its administrator."""

    scheme = "https"

    def __init__(self, folder: Path) -> None:
        self.files = folder / "certificates"
        """What ``certify`` makes."""
        self.files.mkdir(parents=True)
        certify(self.files)
        context = ssl.create_default_context(cafile=str(self.files / "ca.pem"))
        context.load_cert_chain(self.files / "admin.pem", self.files / "admin.key")
        proxy, secure = urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        self.opener = urllib.request.build_opener(proxy, secure)
        super().__init__(folder, VERSION, settings=_SETTINGS)

    def start_all(self) -> None:
        """Start it, and make the users ``timtin`` and ``reader``, each with the role of that name."""
        super().start_all()
        for user, role in documented_roles().items():
            wait_for(lambda user=user, role=role: self._is_put(f"roles/{user}", role))  # type: ignore[misc]
            assert self._is_put(f"rolesmapping/{user}", {"users": [user]})
            assert self._is_put(f"internalusers/{user}", {"password": PASSWORD})

    def program(self, version: str) -> Path:
        """Return the folder of the server, with the plugin."""
        plain = distribution(version)
        home = PLACE_OF_THIS_RUN / f"secured-{version}"
        with locked(home):
            if not home.exists():
                new = home.with_suffix(".new")
                shutil.copytree(plain, new, copy_function=os.link)
                fetch(f"org.opensearch.plugin:{_PLUGIN}:{version}.0:zip", new / "fetched")
                with zipfile.ZipFile(new / "fetched" / f"{_PLUGIN}-{version}.0.zip") as archive:
                    archive.extractall(new / "plugins" / _PLUGIN)
                new.rename(home)
        return home

    def _is_put(self, what: str, value: Any) -> bool:
        with suppress(OSError):  # the plugin may not be ready yet
            ask("PUT", f"{self.hosts[0]}/_plugins/_security/api/{what}", value, self.opener)
            return True
        return False

    def _configure(self, number: int) -> None:
        super()._configure(number)
        config = self._folder / f"node-{number}" / "config"
        shutil.copytree(self._program / "plugins" / _PLUGIN / "config", config / _PLUGIN)
        (config / _PLUGIN / "config.yml").write_text(_DOMAINS)
        for file, kind in (("internal_users.yml", "internalusers"), ("roles_mapping.yml", "rolesmapping")):
            (config / _PLUGIN / file).write_text(f"_meta: {{type: {kind}, config_version: 2}}\n")
        for name in ("ca.pem", "node.pem", "node.key"):
            shutil.copy(self.files / name, config)
        if os.geteuid() == 0:
            for path in (config, *config.rglob("*")):
                os.chown(path, NOBODY, NOBODY)


def documented_roles() -> dict[str, Any]:
    """Return the roles that docs/operating.md names, by their names."""
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    [block] = re.findall(r"```yaml\n(timtin:\n.*?)```", text, re.DOTALL)
    roles: dict[str, Any] = yaml.safe_load(block)
    return roles
