CREATE TABLE `alembic_version` (
  `version_num` varchar(32) NOT NULL,
  PRIMARY KEY (`version_num`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE `users` (
  `id` binary(16) NOT NULL,
  `username` varchar(32) COLLATE utf8mb4_bin NOT NULL,
  `username_key` varbinary(128) NOT NULL,
  `email` varchar(254) COLLATE utf8mb4_bin NOT NULL,
  `email_key` varbinary(254) NOT NULL,
  `password_hash` varchar(255) COLLATE utf8mb4_bin NOT NULL,
  `disabled` tinyint(1) NOT NULL,
  `epoch` int NOT NULL,
  `version` int NOT NULL,
  `created_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_users_username_key` (`username_key`),
  UNIQUE KEY `uq_users_email_key` (`email_key`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE `roles` (
  `name` varbinary(64) NOT NULL,
  `description` text COLLATE utf8mb4_bin NOT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)),
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE `user_roles` (
  `user_id` binary(16) NOT NULL,
  `role` varbinary(64) NOT NULL,
  `granted_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)),
  PRIMARY KEY (`user_id`,`role`),
  KEY `ix_user_roles_role` (`role`),
  CONSTRAINT `fk_user_roles_role` FOREIGN KEY (`role`) REFERENCES `roles` (`name`),
  CONSTRAINT `fk_user_roles_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE `signing_keys` (
  `kid` varbinary(64) NOT NULL,
  `algorithm` varchar(16) COLLATE utf8mb4_bin NOT NULL,
  `sealed` blob NOT NULL,
  `created_at` datetime(6) NOT NULL,
  `signs_from` datetime(6) NOT NULL,
  PRIMARY KEY (`kid`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE `changes` (
  `sequence` bigint NOT NULL AUTO_INCREMENT,
  `subject` varbinary(16) NOT NULL,
  `user_id` binary(16) DEFAULT NULL,
  `created_at` datetime(6) NOT NULL DEFAULT (utc_timestamp(6)),
  `session_id` binary(16) DEFAULT NULL,
  `epoch` int DEFAULT NULL,
  PRIMARY KEY (`sequence`),
  KEY `ix_changes_subject_created_at` (`subject`,`created_at`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE `sessions` (
  `id` binary(16) NOT NULL,
  `user_id` binary(16) NOT NULL,
  `started_at` datetime(6) NOT NULL,
  `last_used_at` datetime(6) NOT NULL,
  `used_on` datetime(6) NOT NULL,
  `address` varchar(45) COLLATE utf8mb4_bin NOT NULL,
  `user_agent` varchar(256) COLLATE utf8mb4_bin NOT NULL,
  `token_hash` binary(32) NOT NULL,
  `spent` varbinary(960) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `ix_sessions_user_id` (`user_id`),
  KEY `ix_sessions_used_on` (`used_on`),
  CONSTRAINT `fk_sessions_user_id` FOREIGN KEY (`user_id`) REFERENCES `users` (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE `services` (
  `id` varbinary(64) NOT NULL,
  `name` varbinary(64) NOT NULL,
  `secret_hash` binary(32) NOT NULL,
  `created_at` datetime(6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq_services_name` (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
CREATE TABLE `leases` (
  `name` varbinary(64) NOT NULL,
  `holder` varbinary(128) NOT NULL,
  `until` datetime(6) NOT NULL,
  PRIMARY KEY (`name`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
