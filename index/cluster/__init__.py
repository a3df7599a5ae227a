"""The store on an OpenSearch cluster: any number of servers share it, and each article is one document there.

=================  ===================================================================================================
``config``         ``ClusterConfig``: how to reach a cluster
``connection``     ``Cluster``: the names of the indices, one way to ask, errors of the library as ours, retries
``mapping``        the fields and settings of the indices
``shared``         ``SharedTexts``: keys, synonyms, the secret of sessions
``leadership``     the claim of one server to make writes searchable
=================  ===================================================================================================

Useful for an archive that outgrows one machine. Not useful for search: nothing here knows of queries. The library is an
extra, ``timtin[opensearch]``; nothing that a data folder needs may import this package.
"""
