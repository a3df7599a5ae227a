"""First floor: from a query to ranked, highlighted hits. Imports ``index``, never ``web``.

====================  ===============================================================================
``parameters``        search parameters, declared once for API, pages and commands
``parameter_values``  those of them that have a form of their own: sort keys, factors of fields
``deadline``          when a search has to end, and whether it still has time
``limits``            how much one search may ask for
``service``           one search from text to answer, completions, what is beside one article
``cursors``           where the next page begins, as a text
``answer``            what a search answers: hits as they are shown, counts, facets, notes
``rendering``         what the engine found as it is shown: articles fetched, words marked, fragments
``explaining``        what the parts of a score are, in words
``histogram``         counts by day, week, month or year
``analysis``          how a text is cut into terms, and how a query was understood
``query``             text to a query tree; filters
``archive``           ``open_archive``: the only place that knows which store and engine are used
``lagging``           how long searches may be behind the writes
``leadership``        which process of several makes writes searchable
``statistics``        the ``TermStatistics`` protocol: frequencies of terms and phrases
``vocabulary``        the same, looked up for one query: syllables, pairs, how phrases are accented
``engine``            the ``Engine`` and ``Upkeep`` protocols, requests and hits; ``FACETS``
``engines``           implementations of ``Engine``
``matching``          which articles match: doc masks, filters, facets, collapsing
``ranking``           the order of the matching articles: BM25, proximity, top k
``kernels``           what is compiled: loops over the arrays of segments
``snippets``          the title and fragments of a hit, with the query's words marked
``spelling``          completions and spelling corrections
``runtime``           search processes, the answer cache, the thread that applies new writes
``relevance``         judged queries, and measures of how well an engine answers them
====================  ===============================================================================

``service``, ``spelling`` and the floor above know ``Archive`` and the protocols in ``engine`` and ``statistics``, and
no implementation; ``snippets`` needs no index. ``matching`` and ``ranking`` belong to the embedded engine: they read a
snapshot.
"""
