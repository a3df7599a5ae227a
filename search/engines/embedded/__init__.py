"""The embedded engine: the index of a data folder, read as mapped arrays.

==============  ================================================================
``engine``      ``EmbeddedEngine`` and the care of its files
``newest``      the newest snapshot of the index, opened once and kept
``retrieval``   one retrieval: evaluate, filter, order and cut, count facets
``similar``     articles like one
``statistics``  frequencies for completions, corrections and expansions
==============  ================================================================

Nothing outside this folder and ``search.archive`` may name what is in it.
"""
