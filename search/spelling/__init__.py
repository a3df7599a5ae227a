"""Complete what a reader types and correct queries, from ``TermStatistics`` alone: the archive is the model.

===============  ===================================================
``completions``  phrases that begin with what is typed
``examples``     queries that find something, from the newest titles
``keyboard``     raw and half-composed Telex and VNI keys to syllables
``letters``      a token with a wrong letter to the term that was meant
``readings``     which syllables the typed tokens stand for
``accents``      which accents a run of syllables was meant to have
``corrections``  a whole query as it was meant, and when to offer it
===============  ===================================================

Useful for suggestions. Not useful for matching: a correction is never searched silently.
"""
