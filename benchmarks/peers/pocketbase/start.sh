#!/bin/sh
# Starts PocketBase with the collection `users` that it creates itself.
set -eu
exec bin/server serve --http="$HOST:$PORT" --dir="$DATA_DIR"
