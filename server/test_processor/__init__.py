"""A processor of cards as Stripe's interface describes one, for trying and for tests: no real money, no real cards.

Its doors are `server.test_processor.app` (the application) and `server.test_processor.running` (a process of it).
The deposits' own code talks to it through the `stripe` SDK, by its address, and knows no difference.
"""
