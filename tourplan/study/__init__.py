"""Questions asked by solving again: why there is no plan, what an existing tour is worth."""
