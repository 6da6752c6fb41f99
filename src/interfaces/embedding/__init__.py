"""Doorward as a part of another program: mounted as an ASGI application, or as a library of use cases."""
