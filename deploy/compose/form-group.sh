#!/bin/sh
# Makes one group of the MySQL servers that are named, or has those join that are outside of it. Doing it again does no
# harm. Usage: form-group.sh HOST...
#
# MYSQL_ROOT_PASSWORD    the same on all of them
# REPLICATION_PASSWORD   of the account with which a member copies from another; it is made here
# HAPROXY_ADDRESS        from where HAProxy asks for the role; its account is made here. The account doorward, which the
#                        image has made, may ask, too
# FIRST_MEMBER           after all members were down: the one that was the primary last

set -eu

# The statements are its input, since every user of the machine sees the arguments of a program.
ask() {
  printf '%s\n' "$2" | MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql --host="$1" --user=root --batch --skip-column-names
}

member_state() {
  ask "$1" "SELECT COALESCE(MAX(member_state), 'OFFLINE') FROM performance_schema.replication_group_members WHERE member_id = @@server_uuid"
}

is_new() {
  [ "$(ask "$1" "SELECT COUNT(*) FROM performance_schema.replication_connection_configuration WHERE channel_name = 'group_replication_recovery' AND user = 'replication'")" = 0 ]
}

# The account is made on each member, outside of the log. What the server did while its data were made is no part of the
# group, so its log begins anew.
prepare() {
  ask "$1" "SET SESSION sql_log_bin = OFF;
    SET GLOBAL super_read_only = OFF;
    CREATE USER IF NOT EXISTS 'replication'@'%' IDENTIFIED BY '$REPLICATION_PASSWORD' REQUIRE SSL;
    GRANT REPLICATION SLAVE, CONNECTION_ADMIN, BACKUP_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO 'replication'@'%';
    SET SESSION sql_log_bin = ON;
    CHANGE REPLICATION SOURCE TO SOURCE_USER = 'replication', SOURCE_PASSWORD = '$REPLICATION_PASSWORD' FOR CHANNEL 'group_replication_recovery';
    RESET BINARY LOGS AND GTIDS"
}

join() {
  ask "$1" "START GROUP_REPLICATION; SET PERSIST group_replication_start_on_boot = ON"
}

online=
all_new=yes
for member in "$@"; do
  if [ "$(member_state "$member")" = ONLINE ]; then
    online=$member
  fi
  is_new "$member" || all_new=no
done

if [ -z "$online" ]; then
  first=${FIRST_MEMBER:-}
  if [ -z "$first" ] && [ "$all_new" = yes ]; then
    first=$1
  fi
  if [ -z "$first" ]; then
    echo 'No member is ONLINE. Set FIRST_MEMBER to the one that was the primary last.' >&2
    exit 1
  fi
  if is_new "$first"; then
    prepare "$first"
  fi
  ask "$first" "STOP GROUP_REPLICATION; SET GLOBAL group_replication_bootstrap_group = ON"
  join "$first"
  ask "$first" "SET GLOBAL group_replication_bootstrap_group = OFF"
  ask "$first" "CREATE USER IF NOT EXISTS 'haproxy'@'$HAPROXY_ADDRESS' IDENTIFIED WITH caching_sha2_password BY '' WITH MAX_USER_CONNECTIONS 6;
    GRANT SELECT ON performance_schema.replication_group_members TO 'haproxy'@'$HAPROXY_ADDRESS', 'doorward'@'%'"
fi

for member in "$@"; do
  if [ "$(member_state "$member")" = OFFLINE ]; then
    if is_new "$member"; then
      prepare "$member"
    fi
    join "$member"
  fi
done
for member in "$@"; do
  echo "$member: $(member_state "$member")"
done
