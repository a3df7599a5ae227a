"""From folders, files and streams to articles in the store, parsing only what is new or changed.

================  ==================================================================================
``formats``       the file formats, a module for each
``article_reading``  what was found of one article to an ``Article``, and how it was read
``given_names``   what users have said that names stand for, and for which files
``files``         the files of a folder, their bytes and digests
``folder_scan``   what has changed in files and folders: added, changed, moved, gone
``import_run``    one run: store articles, apply them to the index, sum up
``ingest``        read files and folders into the store and the index
``preview``       how a single file would be read, storing nothing
``stability``     which files of a watched folder are ready to be read
``watching``      watch a folder and index what appears in it
================  ==================================================================================

Nothing here knows where articles are kept: a store and an index are handed in (``store.article_store``).
"""
