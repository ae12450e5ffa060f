"""A plan in, a file out: itinerary table, map, words for an élu."""
