"""Ground floor: from an article to a searchable index. Imports neither ``search`` nor ``web``.

================  ==============================================================================================
``errors``        the exceptions, with messages written for users
``wrong_values``  what is wrong with a value, in plain words
``dates``         parsing of dates in articles and of periods in queries
``markup``        HTML in a field of an article: whether it is HTML, and its text
``article``       ``Article``, validation of outside data, and ``LABELS``, the fields to filter and count by
``field_names``   the names that fields have elsewhere, and which field each stands for
``field_values``  the values that fields have elsewhere: lists, objects, numbers
``record_dates``  the date of a record among several, and the zone that a name tells
``json_ld``       JSON-LD: types, articles, references
``records``       the objects and rows of programs to the fields of an article
``reading``       files, folders and streams to articles, by format; watched folders
``fetching``      feeds, sitemaps and web pages to articles
``store``         the articles themselves, the truth
``cluster``       the articles on a cluster of many machines, the truth there
``analysis``      a text to the terms that are indexed and searched
``labels``        the values of a label: where one text names several, which spellings are one
``arrays``        helpers for numpy arrays
``batches``       what comes one by one in batches
``memo``          a bounded cache
``atomic_file``   small files that are whole or not there, with a checksum
``shared_texts``  small named texts that all servers of an archive share: keys, synonyms
``moving``        the articles of one store to another that may be of another kind
``usage``         how much room an archive takes
``kernels``       what is compiled: loops over arrays and texts
``segments``      immutable parts of an index, as arrays in files
``whoosh_codec``  the codec through which Whoosh reads and writes the same files
``directory``     where files lie, what makes them visible, and the snapshots that read them
``processes``     safe start of child processes
``writer``        changes in the store to segments and commits
================  ==============================================================================================

The floors above may use everything here except underscored names. The store is the truth: any index can be rebuilt
from it. Change the store and you change the truth; change the rest and you rebuild.
"""
