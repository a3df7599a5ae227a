"""Measurements compared with other engines, run by hand; see README.md here."""
