"""The outermost ASGI layer: the rules that hold for every request and every answer, one file per concern."""
