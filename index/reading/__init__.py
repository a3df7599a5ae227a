"""From folders, files and streams to articles in the store, and to know again what was read.

================  ==================================================================================
``formats``       what a file holds, a module for each format
``files``         the files of a folder, their bytes and the digests of these
``folder_scan``   what folders have that the store has not: added, changed, moved, gone
``import_run``    what a run stores, the index behind it, and the summary
``ingest``        files and folders into the store and the index
``stability``     which files of a watched folder are still being written, or were read as they are
``watching``      a folder watched while articles appear in it
================  ==================================================================================

Nothing here knows where articles are kept: a store and an index are handed in (``store.article_store``).
"""
