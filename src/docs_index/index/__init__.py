"""The SQLite index: its schema, ids, reading it, adding a row."""
