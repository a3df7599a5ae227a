"""The embedded engine: the index in a data folder, read as memory-mapped arrays.

==============  ================================================================
``engine``      ``EmbeddedEngine`` and the maintenance of its files
``newest``      the newest snapshot of the index, opened once and cached
``retrieval``   one retrieval: evaluate, filter, rank, collapse, count facets
``ordering``    the order of hits by several keys, and what comes after a cursor
``copies``      the near-copies of a given article
``similar``     articles similar to a given one
``titles``      articles whose titles have the words typed so far
``statistics``  frequencies for completions, corrections and expansion
==============  ================================================================

Outside this folder, only ``search.archive`` may import from it.
"""
