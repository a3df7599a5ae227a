"""What searches have compiled (``index.kernels``): it gets arrays of segments, and texts.

============  ==========================================================
``postings``  hands posting lists to the kernels, once they are checked
``spotting``  hands texts to the kernel that finds a query's syllables in them
============  ==========================================================
"""
