#!/bin/sh
# Writes a realm with a confidential client and the first 64 accounts, and starts Keycloak, which imports it.
set -eu

users=""
number=0
while [ "$number" -lt 64 ]; do
  users="$users${users:+,}
    {\"username\": \"user-$number\", \"email\": \"user-$number@example.org\", \"emailVerified\": true,
     \"firstName\": \"User\", \"lastName\": \"$number\", \"enabled\": true,
     \"credentials\": [{\"type\": \"password\", \"value\": \"violet harbour kettle\"}]}"
  number=$((number + 1))
done

# The lifetimes are longer than the benchmark, so that its tokens stay valid. The client is in the audience of its
# tokens, because Keycloak refuses the introspection of others.
mkdir -p distribution/data/import
cat > distribution/data/import/bench-realm.json <<END
{
  "realm": "bench", "enabled": true, "sslRequired": "none",
  "accessTokenLifespan": 86400, "ssoSessionIdleTimeout": 86400, "ssoSessionMaxLifespan": 86400,
  "clients": [
    {"clientId": "bench", "secret": "bench-secret", "publicClient": false,
     "directAccessGrantsEnabled": true, "standardFlowEnabled": false,
     "protocolMappers": [
       {"name": "audience", "protocol": "openid-connect", "protocolMapper": "oidc-audience-mapper",
        "config": {"included.client.audience": "bench", "access.token.claim": "true",
                   "introspection.token.claim": "true"}}
     ]}
  ],
  "users": [$users]
}
END

export KC_DB_URL="jdbc:mysql://$MYSQL_HOST:$MYSQL_PORT/$MYSQL_DATABASE?sslMode=DISABLED&allowPublicKeyRetrieval=true"
export KC_DB_USERNAME="$MYSQL_USER" KC_DB_PASSWORD="$MYSQL_PASSWORD"
export JAVA_OPTS_KC_HEAP="-Xms512m -Xmx1g"
exec distribution/bin/kc.sh start --optimized --import-realm --hostname-strict=false \
  --http-enabled=true --http-host="$HOST" --http-port="$PORT" --log-level=warn
