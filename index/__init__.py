"""Ground floor: from an article to a searchable index. Imports neither ``search`` nor ``web``.

The rooms, in the order data meets them:

========================  ==========================================================================
``article``               ``Article``, what is kept of one, and the checking of data from outside
``errors``                what can go wrong, in words for the user
``dates``                 the dates people and files write, and the periods queries name
``reading``               folders, files and streams to articles, by format; what changed since; folders followed
``fetching``              feeds, sitemaps and pages of the web to articles
``sentences``             where sentences begin and end
``normalization``         one canonical form of Vietnamese text, with the way back to the original
``codes``                 numbers, dates, documents, abbreviations: one text for all spellings
``tokens``                canonical text to syllables and codes, each with its place in the original
``crf``                   pyvi's model, read from its file into lookup tables
``segmentation``          the words pyvi would cut, with their places
``stopwords``             syllables that carry grammar rather than meaning
``analysis``              one text to the term streams that are indexed and searched
``suggestions``           which phrases of an article are offered as completions
``abbreviations``         what the short forms stand for that an article defines
``copies``                which articles are near-copies, one story in several papers
``database``              the SQLite file: its connections and its tables
``store``                 the articles themselves, the truth
``tasks``                 work that outlasts its request, kept beside the articles
``schema``                the Whoosh fields that hold the streams, filters and stored keys
``arrayfile``             named arrays in one file, read through a memory map
``segment``               a part of the index as arrays: terms, postings, lengths, columns
``codec``                 Whoosh's codec over them: what its writer writes
``readers``               Whoosh's codec over them: what its readers, matchers and queries read
``chunks``                what texts are made of, as numbers: chunks, syllables and words met before
``batches``               many texts at once, to columns of such numbers
``postings``              from the terms of each article to the articles of each term
``inversion``             a batch of articles to a segment
``merging``               several segments to one, and which to merge
``workers``               processes that analyse and invert
``durable``               small files that are whole or not there
``commits``               which segments an index consists of
``generations``           folders of finished indexes, and the atomic swap between them
``builder``               batches of changes to segments, commits and merges
``lock``                  one writer at a time, across processes
``checking``              files that have changed, articles that disagree with the store
``indexer``               the index follows the store: catching up, rebuilding, checking
``datafolder``            where all of this lives on disk
========================  ==========================================================================

Other floors may use everything here except the underscored names. The truth is the store; whatever is in
an index can be made again from it.
"""
