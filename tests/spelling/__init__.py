"""spelling."""
