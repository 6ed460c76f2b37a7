"""What users say of their sessions: given once, answered once, hidden by operators, pinned by experts.

Its door is `sessions.feedback.Feedback`.
"""

from sessions.feedback.giving import PINS_MAX, Also, Feedback, Given, Page

__all__ = ["PINS_MAX", "Also", "Feedback", "Given", "Page"]
