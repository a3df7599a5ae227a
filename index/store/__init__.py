"""The store: the articles, which are the truth, and what is kept beside them.

=================  ==================================================================================
``article_store``  the protocols of the store and of an index made from it; the rest knows only these
``input_log``      the protocol of what is known of the files that articles were read from
``articles``       the articles in SQLite
``inputs``         the files that articles were read from
``fetches``        the URLs that articles were fetched from
``tasks``          work that outlasts its request
``database``       the SQLite file: connections, transactions, the tables of every version
=================  ==================================================================================
"""
