"""Bytes, files and locks under a data root; knows no table and no document."""
