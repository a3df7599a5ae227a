"""HTTP servers for the same application, side by side: ``python -m benchmarks.servers DATA``."""
