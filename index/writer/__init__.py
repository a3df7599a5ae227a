"""Keep the index in sync with the store: changes after a sequence number become segments and commits. One indexer
writes at a time.

=============  =====================================================================
``inversion``  from a batch of articles to a segment in memory
``workers``    processes that analyse and invert large batches
``builder``    from batches of changes to segments and commits; merges
``integrity``  files whose bytes have changed, articles that disagree with the store
``indexer``    ``Indexer``: apply changes, rebuild, check, repair
=============  =====================================================================

Applying changes is safe to repeat and to kill: an article replaces the one with its id, and the applied sequence number
is written after the commit. Keep that order.
"""
