"""The store on an OpenSearch cluster: any number of servers share it, and each article is one document there.

=================  ===================================================================================================
``config``         ``ClusterConfig``: how to reach a cluster
``connection``     ``Cluster``: the names of the indices, one way to ask, errors of the library as ours, retries
``mapping``        the fields and settings of the indices
``shared``         ``SharedTexts``: keys, synonyms, the secret of sessions
``leadership``     the claim of one server to make writes searchable
``clock``          sequence numbers, which only rise
``store``          ``ArticleStore``
``planning``       what a write has to do, and which articles it sends together
``walking``        articles, changes and stamps in the order of their numbers
``sending``        documents to the cluster, with an outcome for each
``documents``      articles to documents, and back
``streams``        a text to what the cluster indexes of it
``packed_tokens``  the tokens of an article, as ranking reads them
``entries``        small documents that several servers change
``leases``         who may do what only one may do
``tasks``          ``TaskLog``
``inputs``         ``InputLog``
``fetches``        ``FetchLog``
``stories``        which articles tell one story
``health``         why the cluster cannot take writes or answer, and how much room it has
``backup``         the articles as the store of a data folder
``rebuild``        another index of the articles, which follows the first and takes its place
=================  ===================================================================================================

Useful for an archive that outgrows one machine. Not useful for search: nothing here knows of queries. The library is an
extra, ``timtin[opensearch]``; nothing that a data folder needs may import this package.
"""
