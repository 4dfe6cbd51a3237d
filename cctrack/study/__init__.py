"""What the commands and the window do: batches, studies, pairs, readings, records."""
