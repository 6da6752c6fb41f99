CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE changes (
	sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
	subject TEXT NOT NULL,
	user_id BLOB,
	created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL
, session_id BLOB, epoch INTEGER) STRICT;
CREATE TABLE leases (
	name TEXT NOT NULL,
	holder TEXT NOT NULL,
	until TEXT NOT NULL,
	CONSTRAINT pk_leases PRIMARY KEY (name)
) STRICT;
CREATE TABLE roles (
	name TEXT NOT NULL,
	description TEXT NOT NULL,
	created_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_roles PRIMARY KEY (name)
) STRICT;
CREATE TABLE services (
	id TEXT NOT NULL,
	name TEXT NOT NULL,
	secret_hash BLOB NOT NULL,
	created_at TEXT NOT NULL,
	CONSTRAINT pk_services PRIMARY KEY (id),
	CONSTRAINT uq_services_name UNIQUE (name)
) STRICT;
CREATE TABLE sessions (
	id BLOB NOT NULL,
	user_id BLOB NOT NULL,
	started_at TEXT NOT NULL,
	last_used_at TEXT NOT NULL,
	used_on TEXT NOT NULL,
	address TEXT NOT NULL,
	user_agent TEXT NOT NULL,
	token_hash BLOB NOT NULL,
	spent TEXT NOT NULL,
	CONSTRAINT pk_sessions PRIMARY KEY (id),
	CONSTRAINT fk_sessions_user_id FOREIGN KEY(user_id) REFERENCES users (id)
) STRICT;
CREATE TABLE signing_keys (
	kid TEXT NOT NULL,
	algorithm TEXT NOT NULL,
	sealed BLOB NOT NULL,
	created_at TEXT NOT NULL,
	signs_from TEXT NOT NULL,
	CONSTRAINT pk_signing_keys PRIMARY KEY (kid)
) STRICT;
CREATE TABLE user_roles (
	user_id BLOB NOT NULL,
	role TEXT NOT NULL,
	granted_at TEXT DEFAULT (strftime('%Y-%m-%d %H:%M:%f000', 'now')) NOT NULL,
	CONSTRAINT pk_user_roles PRIMARY KEY (user_id, role),
	CONSTRAINT fk_user_roles_user_id FOREIGN KEY(user_id) REFERENCES users (id),
	CONSTRAINT fk_user_roles_role FOREIGN KEY(role) REFERENCES roles (name)
) STRICT;
CREATE TABLE users (
	id BLOB NOT NULL,
	username TEXT NOT NULL,
	username_key TEXT NOT NULL,
	email TEXT NOT NULL,
	email_key TEXT NOT NULL,
	password_hash TEXT NOT NULL,
	disabled INTEGER NOT NULL,
	epoch INTEGER NOT NULL,
	version INTEGER NOT NULL,
	created_at TEXT NOT NULL,
	CONSTRAINT pk_users PRIMARY KEY (id),
	CONSTRAINT uq_users_username_key UNIQUE (username_key),
	CONSTRAINT uq_users_email_key UNIQUE (email_key)
) STRICT;
CREATE INDEX ix_user_roles_role ON user_roles (role);
CREATE TRIGGER user_roles_new_names_a_role BEFORE INSERT ON user_roles
    WHEN NOT EXISTS (SELECT 1 FROM roles WHERE name = NEW.role)
    BEGIN SELECT RAISE(ABORT, 'there is no such role'); END;
CREATE TRIGGER user_roles_changed_names_a_role BEFORE UPDATE ON user_roles
    WHEN NOT EXISTS (SELECT 1 FROM roles WHERE name = NEW.role)
    BEGIN SELECT RAISE(ABORT, 'there is no such role'); END;
CREATE INDEX ix_sessions_user_id ON sessions (user_id);
CREATE INDEX ix_sessions_used_on ON sessions (used_on);
CREATE INDEX ix_changes_subject_created_at ON changes (subject, created_at);
