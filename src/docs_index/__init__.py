"""Turn the files of years of LLM experiments into one documents index."""
