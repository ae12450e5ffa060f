"""Parts of the script that builds the embedded data: sources, hours, checks, decisions, files."""
