"""The store on an OpenSearch cluster: any number of servers share it, and each article is one document there.

=================  ===================================================================================================
``connection``     ``Cluster``: the names of the indices, one way to ask, errors of the library as ours, retries
``mapping``        the fields and settings of the indices
=================  ===================================================================================================

Useful for an archive that outgrows one machine. Not useful for search: nothing here knows of queries. The library is an
extra, ``timtin[opensearch]``; nothing that a data folder needs may import this package.
"""
