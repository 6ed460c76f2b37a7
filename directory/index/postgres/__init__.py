"""The statements on the full text of this database; the door is `directory.index.index.Index`."""
