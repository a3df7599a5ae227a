"""Where the files of an index lie, what makes them visible, and how they are read. A generation is a folder with one
whole index; a commit is the small file that lists its segments; a snapshot is one opened commit.

================  ======================================================================
``data_folder``   the paths in a data folder, which only its owner can read
``lock``          one writer at a time, across processes
``generations``   indexes side by side, the one that serves, and the swap between them
``commits``       the segments that a generation consists of
``label_column``  a label of all articles, cut into values
``snapshot``      one commit as arrays over all its segments: postings, lengths, columns
================  ======================================================================

Useful for reading an index as of one moment, from any number of threads. Not useful for changing it: only
``index.writer`` writes, under the lock.

A commit, a state and ``CURRENT`` get their names only when they are whole and synced; the files of a segment count
once a commit lists them. Keep that order.
"""
