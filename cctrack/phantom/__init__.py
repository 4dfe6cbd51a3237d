"""Draw photos, films and CT of which the truth is known."""
