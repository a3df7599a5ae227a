"""whoosh_codec."""
