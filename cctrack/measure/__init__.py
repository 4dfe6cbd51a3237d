"""Measure outlines: areas, volumes, diameters, densities, each with its error."""
