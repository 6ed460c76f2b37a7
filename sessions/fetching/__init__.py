"""Tickets with which somebody sends or fetches one thing over HTTP, once, within a minute.

Its door is `sessions/fetching/tickets.py`.
"""
