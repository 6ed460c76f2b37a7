"""The schema's history, run by `Database.migrate`: plain operations, so that no migration changes when a room does."""
