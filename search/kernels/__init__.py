"""What searches have compiled (``index.kernels``): it gets arrays of segments, and texts.

============  ==========================================================
``impacts``   the impacts of terms, by kernels; ``ranking.impacts`` has them by numpy
``postings``  hands posting lists to the kernels, once they are checked
``spotting``  hands texts to the kernel that finds a query's syllables in them
============  ==========================================================
"""
