#!/bin/sh
# Writes the configuration, creates the tables, and starts Kratos.
set -eu

cat > "$DATA_DIR/identity.schema.json" <<END
{
  "\$id": "https://example.org/identity.schema.json",
  "type": "object",
  "properties": {
    "traits": {
      "type": "object",
      "properties": {
        "email": {
          "type": "string",
          "format": "email",
          "ory.sh/kratos": {"credentials": {"password": {"identifier": true}}}
        }
      },
      "required": ["email"],
      "additionalProperties": false
    }
  }
}
END

# Every extension of a session writes, because a session may be extended at any time.
cat > "$DATA_DIR/kratos.json" <<END
{
  "dsn": "sqlite://$DATA_DIR/kratos.sqlite?_fk=true&mode=rwc",
  "serve": {
    "public": {"host": "$HOST", "port": $PORT, "base_url": "http://$HOST:$PORT/"},
    "admin": {"host": "$HOST", "port": $ADMIN_PORT, "base_url": "http://$HOST:$ADMIN_PORT/"}
  },
  "identity": {
    "default_schema_id": "default",
    "schemas": [{"id": "default", "url": "file://$DATA_DIR/identity.schema.json"}]
  },
  "selfservice": {
    "default_browser_return_url": "http://$HOST:$PORT/",
    "methods": {"password": {"enabled": true, "config": {"haveibeenpwned_enabled": false}}}
  },
  "session": {"lifespan": "24h", "earliest_possible_extend": "24h"},
  "courier": {"smtp": {"connection_uri": "smtp://$HOST:1/"}},
  "secrets": {"default": ["only-for-the-benchmark"], "cipher": ["only-for-the-benchmark-32-signs-"]},
  "log": {"level": "error"}
}
END

bin/server migrate sql --yes --config "$DATA_DIR/kratos.json" "sqlite://$DATA_DIR/kratos.sqlite?_fk=true&mode=rwc"
exec bin/server serve --config "$DATA_DIR/kratos.json"
