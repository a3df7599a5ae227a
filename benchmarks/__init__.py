"""Measurements beside other engines, run by hand; see README.md here."""
