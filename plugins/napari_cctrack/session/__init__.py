"""What a reader does to two visits of a site: all of the plugin that needs no window."""
