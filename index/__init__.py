"""Ground floor: from an article to a searchable index. Imports neither ``search`` nor ``web``.

================  ==============================================================================================
``errors``        what can go wrong, in words for the user
``dates``         the dates people and files write, and the periods queries name
``article``       ``Article``, the check of data from outside, and ``LABELS``, the fields to filter and count by
``reading``       files, folders and streams to articles, by format; folders watched
``fetching``      feeds, sitemaps and web pages to articles
``store``         the articles themselves, the truth
``analysis``      a text to the terms that are indexed and searched
``arrays``        small helpers for numpy arrays
``segments``      immutable parts of an index, as arrays in files
``whoosh_codec``  the same files for Whoosh
``directory``     where files lie, what makes them visible, and a snapshot to read them through
``processes``     starting other processes safely
``writer``        changes of the store to segments and commits
================  ==============================================================================================

The floors above may use everything here except underscored names. The store is the truth: any index can be built
again from it. Change the store and you change the truth; change the rest and you rebuild.
"""
