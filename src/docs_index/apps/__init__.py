"""The doors: the command line, pages, Dagster. Nothing else imports them."""
