"""What is compiled: loops over arrays and over texts, in C, reached through ctypes.

============  ===================================================
``library``   loads what was compiled at install, or says why not
``building``  hands over the arrays of an index that is built
============  ===================================================

``building.c`` copies and merges what an index is built of. What searches use is handed over by ``search.kernels``:
``terms.c`` looks up a term, ``scoring.c`` adds terms to scores, ``proximity.c`` reads positions, ``spotting.c`` texts;
layouts are in ``postings.h``. A kernel has no state and allocates nothing. numpy code does the same where nothing is
compiled: it is the reference that tests hold the kernels against.
"""
