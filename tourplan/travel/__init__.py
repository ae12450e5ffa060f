"""Times and distances over a road network: matrices, ways taken, nearest places, isochrones."""
