"""The store: every article, in write order. A write is acknowledged once it is durable, and takes the next number of
one sequence; an index follows the store by reading the changes after the last number it has applied.

=================  ===================================================================================================
``article_store``  the ``ArticleStore`` protocol and its data classes; ``DerivedIndex``, an index as its users see it
``input_log``      the ``InputLog`` protocol: which file an article was read from
``database``       the SQLite file: connections, transactions, tables, upgrades
``rows``           how an article is stored, and whether what is read is what was written
``articles``       ``ArticleStore`` in SQLite
``tasks``          its ``TaskLog``: work that outlives its request
``inputs``         its ``InputLog``
``fetches``        its ``FetchLog``: when each URL was fetched
``search_log``     what was searched for, in a file of its own: no part of the store
``kept_answers``   answers to requests that must not be carried out twice, in a file of their own
=================  ===================================================================================================

Useful for what must never be lost. Not useful for search: nothing here knows about terms.

Depend on the protocols; only ``search.archive`` chooses SQLite behind them. To change a table, add an upgrade step at
the end of ``_STEPS`` in ``database``; released steps never change.
"""
