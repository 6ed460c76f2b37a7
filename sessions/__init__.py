"""What happens when two have met: what they say to each other and the signals that set up their audio.

Its door is `sessions.conversation.Conversation`; what it reports is in `sessions.facts`.
"""
