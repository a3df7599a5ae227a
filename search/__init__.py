"""First floor: from a query to ranked, highlighted hits. Imports ``index``, never ``web``.

==============  ===========================================================================
``parameters``  what a search may ask for, declared once for all faces
``service``     one search from text to answer: parse, retrieve, fetch, highlight
``query``       text to a query tree
``archive``     ``open_archive``: the one place that knows which store and engine there are
``statistics``  the ``TermStatistics`` protocol: what articles write, and how often
``engine``      the ``Engine`` and ``Upkeep`` protocols, requests and hits; ``FACETS``
``engines``     what stands behind them
``matching``    which articles match
``ranking``     which of them come first
``snippets``    the marked title and fragments of a hit
``spelling``    completions, and what was probably meant
``runtime``     processes that search, answers kept, the thread that follows the store
``relevance``   judged queries and how well they are answered
==============  ===========================================================================

``service``, ``spelling``, ``snippets`` and the floor above know the protocols of ``engine`` alone. ``matching`` and
``ranking`` are the embedded engine's: they read a snapshot.
"""
