"""What all stand on: errors, limits, ids, clocks, the live store, SQL and the journal. It knows nothing above it.

Its doors are `ground.store.Store`, `ground.journal.Journal`, `ground.sql.Database` and `ground.embedded.EmbeddedStore`.
"""
