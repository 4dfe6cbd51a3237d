"""The napari plugin of cctrack."""
