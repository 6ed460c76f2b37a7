"""Who is next: tickets, lines, offers, matches and the forecast of the wait.

Its door is `queueing.line.Line`; what it reports is in `queueing.facts`, what a pool may set in `queueing.settings`.
"""
