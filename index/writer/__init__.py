"""The index follows the store: changes after a number become segments and commits. One indexer writes at a time.

=============  =====================================================================
``inversion``  a batch of articles to a segment in memory
``workers``    processes that analyse and invert, where there is much to do
``builder``    batches of changes to segments and commits; merges
``integrity``  files whose bytes have changed, articles that disagree with the store
``indexer``    ``Indexer``: catch up, rebuild, check, repair
=============  =====================================================================

Applying changes is safe to repeat and to kill: an article is put by its id, and the number that was applied is
written after the commit. Keep that order.
"""
