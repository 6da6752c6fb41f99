-- The heartbeat of the database, the nodes that are alive, and the settings that they share.

CREATE TABLE "{prefix}heartbeats" (
    name bytea PRIMARY KEY,
    at timestamp NOT NULL
);

CREATE TABLE "{prefix}nodes" (
    id bytea PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    started_at timestamp NOT NULL,
    reported_at timestamp NOT NULL
);

CREATE TABLE "{prefix}agreed_settings" (
    name bytea PRIMARY KEY,
    value text NOT NULL,
    agreed_at timestamp NOT NULL
);

UPDATE "{prefix}doorward_version" SET version_num = '0016';
