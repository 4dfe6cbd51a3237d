"""Find where each point of one visit lies on the other."""
