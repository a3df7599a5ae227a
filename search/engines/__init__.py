"""The engines, one folder each: what stands behind the ``Engine`` protocol.

============  ==================================================================
``embedded``  the index on this machine's disk, read as mapped arrays
============  ==================================================================
"""
