"""The documents report, and the index in a browser.

Owns the page `documents_report.html`, the pages that Datasette serves, and how Markdown
becomes HTML. Its SQL is SQLite's, over a copy of the index.

May write the report's page and scratch folders. It serves pages to this machine only.

Never opens the index itself for longer than it takes to copy it, and never lets a text
of the data act as HTML or as a script.
"""
