"""Attacks of a real server: each ends bounded, and others are answered meanwhile."""
