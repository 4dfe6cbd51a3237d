"""Find how large a pixel is in mm, how that is known, and how well."""
