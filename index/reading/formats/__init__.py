"""The file formats: which one a file has, and a reader for each.

==================  ============================================================================
``registry``        the format of a file by its name, and the reader of each format
``plaintext``       scraped plain text to title, lead, body, date, source and author
``boilerplate``     what surrounds an article and is not its text
``html``            the article in an HTML page
``markdown``        Markdown to text, front matter to metadata
``json_lines``      JSON lines, one article each
``json_stream``     JSON of any form to its articles, as it streams
``json_records``    JSON to records: which of the two a file is
``mojibake``        UTF-8 that was read as another encoding, and what it was
``csv_table``       CSV, an article a row
``compressed``      compressed streams, unpacked within limits
``encodings``       UTF-8; other encodings are recognised and refused by name
``parser_process``  a process that parses what may be hostile, within limits of time and memory
==================  ============================================================================
"""
