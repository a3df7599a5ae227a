"""The store: every article, in the order it was written. A write is acknowledged when it is durable, and gets the next
number of one sequence; an index follows by asking for the changes after the last number it applied.

=================  ===================================================================================================
``article_store``  the ``ArticleStore`` protocol and what it speaks in; ``DerivedIndex``, what makes articles findable
``input_log``      the ``InputLog`` protocol: which file an article was read from
``database``       the SQLite file: connections, transactions, tables, upgrades
``articles``       ``ArticleStore`` in SQLite
``tasks``          its ``TaskLog``: work that outlasts its request
``inputs``         its ``InputLog``
``fetches``        its ``FetchLog``: when each URL was fetched
=================  ===================================================================================================

Useful for what must never be lost. Not useful for search: nothing here knows a term.

Depend on the protocols; ``search.archive`` alone decides that they are SQLite. To change a table, add a step at the
end of ``database``; steps that were released never change.
"""
