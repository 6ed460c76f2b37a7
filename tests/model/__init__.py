"""A small model of a pool, written from the text of ARCHITECTURE.md ("The engine's rules") and never from the Lua.

Door: `tests.model.pool.Pool`. It keeps everything in plain objects, derives the deadlines by looking at all of them,
and is as slow and as obvious as it can be.
"""
