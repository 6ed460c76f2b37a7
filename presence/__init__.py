"""Who is here: leases, what experts declare, hours in force, and the indicator that follows from them.

Its door is `presence.presence.Presence`; what it reports is in `presence.facts`.
"""
