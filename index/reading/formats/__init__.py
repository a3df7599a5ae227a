"""The file formats: which one a file has, and a reader for each.

==================  ============================================================================
``registry``        the format of a file by its name, and the reader of each format
``plaintext``       scraped plain text to title, lead, body, date, source and author
``boilerplate``     what surrounds an article and is not its text
``html``            the article in an HTML page: refuse, parse, gather
``page_parts``      its blocks, its title, what surrounds the article
``page_head``       what it says for machines: metas, JSON-LD
``page_dates``      when it was published, as it states
``page_fields``     title, author, source, category, lead
``page_lists``      which pages are no article
``page_teasers``    the links with which a page leads to others
``page_text``       the lines of the text
``web_archive``     saved pages (.mht)
``feeds``           RSS and Atom to entries
``feed_file``       saved feeds, an article an entry
``wordpress``       the entries of WordPress exports
``word``            Word documents
``epub``            books
``packages``        the zip files with XML that both are
``pdf``             PDF, some pages at a time
``pdf_repair``      a PDF that was cut off
``subtitles``       .srt and .vtt
``site_files``      what stands beside the pages of a site and is no article
``zipped``          zip files of articles
``markdown``        Markdown to text, front matter to metadata
``json_lines``      JSON lines, one article each
``json_shapes``     which objects of a JSON text are articles, and where in others they stand
``json_stream``     JSON of any form to its articles, as it streams
``json_records``    JSON to records: which of the two a file is
``mojibake``        UTF-8 that was read as another encoding, and what it was
``csv_table``       CSV, an article a row
``compressed``      compressed streams, unpacked within limits
``encodings``       UTF-8; other encodings are recognised and refused by name
``parser_process``  a process that parses what may be hostile, within limits of time and memory
==================  ============================================================================
"""
