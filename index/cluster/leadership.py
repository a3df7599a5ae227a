"""The claim of one server to lead, as a lease: another one leads some seconds after this one was last heard of."""

from __future__ import annotations

import threading

from index.cluster.connection import Cluster
from index.cluster.leases import Lease

LENGTH = 10.0
"""Seconds until another server leads in the place of one that is gone; a busy cluster may take some to answer."""
_RENEWALS = 10


class ClusterLeadership:
    """The lease of the process that makes writes searchable; a thread renews it while it is held."""

    def __init__(self, cluster: Cluster) -> None:
        self._lease = Lease(cluster, "leader", "makes writes searchable", LENGTH)
        self._done = threading.Event()

    def take(self) -> bool:
        """Take the lease, unless another server has it. Raises ClusterError."""
        if not self._lease.take():
            return False
        self._done.set()  # of an earlier term
        self._done = threading.Event()
        signs = (self._done, _RENEWALS)
        threading.Thread(target=self._lease.give_signs, args=signs, name="leader's lease", daemon=True).start()
        return True

    def holds(self) -> bool:
        """Tell whether nobody else can lead now."""
        return self._lease.is_sure

    def give_up(self) -> None:
        """Let another server lead."""
        self._done.set()
        self._lease.release()
