"""HTTP for people: accounts, profile pages, photos, mails. One module a subject, each with its `routes`.

What the pop-up needs goes over the socket, since it stands on pages of other origins; pages of our own use these.
"""
