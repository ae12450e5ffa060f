"""The road network: the packaged links, OpenStreetMap through osmnx or a file, or a table."""
