"""The plugin's window: thin, all logic is in `napari_cctrack.session`."""
