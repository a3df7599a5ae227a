"""From folders, files and streams to articles in the store, and to know again what was read.

================  ==================================================================================
``encodings``     what bytes are: UTF-8, or something else that is refused by name
``compressed``    compressed streams, unpacked within bounds
``lines``         JSON lines, one article each
``tables``        CSV, an article a row
``plaintext``     scraped plain text to title, lead, body, date, source and author
``boilerplate``   what stands around an article and is not its text
``markdown``      Markdown to text, front matter to metadata
``formats``       which format a file has, and how each is read, HTML included
``files``         the files of a folder, and their bytes
``settling``      which files of a followed folder are still being written, or were read as they are
``inputs``        which folder and file an article was read from
``changes``       what a folder has that the store has not: added, changed, moved
``intake``        what a run stores, the index behind it, and the summary
``ingest``        files and folders into the store and the index
``watching``      a folder followed while articles appear in it
================  ==================================================================================
"""
