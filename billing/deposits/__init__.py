"""Money that comes in by card, and goes back to it, through the card processor. No card number ever comes here.

Its doors are `checkout` (a page to pay at), `webhook` (what the processor tells, the only thing that credits), `cards`
(a card that is kept, and deposits made with it by themselves), `refunds` and `disputes`. Only `processor` knows the
processor's SDK.
"""
