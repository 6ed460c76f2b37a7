"""Desks answer the messages about people: one desk a subject, each a table from message to handler.

`server.commands.Commands` asks them for every message that is not about a line or a session.
"""
