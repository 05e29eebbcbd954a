"""Recordings: traffic that others kept, read into exchanges; and our own, written and replayed."""
