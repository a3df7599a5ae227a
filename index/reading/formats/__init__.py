"""What a file holds: its format, and how each format is read.

===============  ===============================================================================
``registry``     which format a file has by its name, and the reader of each, HTML included
``plaintext``    scraped plain text to title, lead, body, date, source and author
``boilerplate``  what stands around an article and is not its text
``markdown``     Markdown to text, front matter to metadata
``json_lines``   JSON lines, one article each
``csv_table``    CSV, an article a row
``compressed``   compressed streams, unpacked within bounds
``encodings``    what bytes are: UTF-8, or something else that is refused by name
===============  ===============================================================================
"""
