"""The language of the socket: messages, codecs, codes, and the schemas and TypeScript types made from them.

It knows no room. Messages are declared once, in `wire.messages`; its door is `wire.codec`.
"""
