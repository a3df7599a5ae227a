"""The implementations of the ``Engine`` protocol, one folder each.

==============  ================================================================
``embedded``    the index on this machine's disk, read as memory-mapped arrays
``opensearch``  an OpenSearch cluster, which keeps the articles too
==============  ================================================================
"""
