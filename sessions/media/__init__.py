"""The sound of a session: legs to browsers, the bridge that joins two, and what is heard beside the other side."""
