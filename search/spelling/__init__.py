"""What a reader was about to type, and what was meant. Both stand on ``TermStatistics`` alone: the archive is the
model.

===============  ===================================================
``completions``  phrases that begin with what is typed so far
``keyboard``     raw Telex and VNI keys to syllables
``vocabulary``   what the archive knows of syllables and phrases
``readings``     which syllables the typed tokens stand for
``accents``      which accents a run of syllables was meant to have
``corrections``  a whole query as it was meant, and when to offer it
===============  ===================================================

Useful for offers to a reader. Not useful for matching: a correction is never searched silently.
"""
