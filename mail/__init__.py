"""What goes out by mail: letters, the outbox that no crash empties, and SMTP.

Its door is `mail.outbox.Outbox`.
"""
