"""First floor: from a query to ranked, highlighted hits. Imports ``index``, never ``web``.

The rooms, in the order a query meets them:

==================  ================================================================================
``query``           the query tree: words, phrases, filters and how they are joined
``parser``          the query language to a tree; whatever cannot be parsed is plain words
``engine``          the ``Engine`` protocol: what any index must offer, and the shapes it speaks in
``whoosh_engine``   the embedded engine: the store and its Whoosh index behind the protocol
``snapshot``        one opened generation of the Whoosh index as arrays: postings, lengths, columns
``synonyms``        the owner's synonyms, from a file
``expansion``       other ways to say a query: abbreviations the articles define, synonyms
``cache``           values used last, up to a bound
``impacts``         what terms add to the scores of articles, frequent terms kept
``matching``        which articles have what a query asks for
``evaluation``      a query tree over a snapshot: which articles match, and what scores are made of
``ranked``          the scores of the articles that may come first, and why
``scoring``         the formulas: idf, BM25, the weights of the streams
``filters``         which articles have a label, or were published within some days
``nearness``        how close together an article says what is asked for
``top``             the best of many articles without sorting them all
``stories``         near-copies among what a query finds, one standing for all
``facets``          how many matching articles each source, author, year ... has
``suggest``         completions of what is typed so far
``syllables``       how Vietnamese syllables are built: which accents letters can have
``keyboard``        raw Telex and VNI keys to the syllable they stand for
``vocabulary``      what the archive knows of syllables and phrases, for correcting
``readings``        what typed tokens stand for: themselves, keys, or several syllables in one
``accents``         which accents a run of syllables was meant to have
``corrections``     a whole query as it was meant, and when that is offered
``spotting``        a query's syllables and codes in a text, found without cutting all of it
``highlight``       the query's words in an article's own text
``best_fragments``        the passages that show them best, as HTML
``service``         one search from text to answer: parse, retrieve, fetch, highlight
``remembered``      answers kept while nothing they depend on changes
``searchers``       processes that search
``follower``        the thread that makes acknowledged writes searchable
``measures``        judged queries and how well they are answered
==================  ================================================================================

Above ``engine`` nothing knows Whoosh; ``service`` and the floor above speak to the protocol alone.
"""
