CREATE TABLE `user` (
  `id` varchar(36) NOT NULL,
  `name` varchar(255) NOT NULL,
  `email` varchar(255) NOT NULL,
  `emailVerified` tinyint(1) NOT NULL,
  `image` text,
  `createdAt` timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  `updatedAt` timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  `username` varchar(255) DEFAULT NULL,
  `displayUsername` text,
  `role` text,
  `banned` tinyint(1) DEFAULT NULL,
  `banReason` text,
  `banExpires` timestamp(3) NULL DEFAULT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `email` (`email`),
  UNIQUE KEY `username` (`username`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE `account` (
  `id` varchar(36) NOT NULL,
  `accountId` text NOT NULL,
  `providerId` text NOT NULL,
  `userId` varchar(36) NOT NULL,
  `accessToken` text,
  `refreshToken` text,
  `idToken` text,
  `accessTokenExpiresAt` timestamp(3) NULL DEFAULT NULL,
  `refreshTokenExpiresAt` timestamp(3) NULL DEFAULT NULL,
  `scope` text,
  `password` text,
  `createdAt` timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  `updatedAt` timestamp(3) NOT NULL,
  PRIMARY KEY (`id`),
  KEY `account_userId_idx` (`userId`),
  CONSTRAINT `account_ibfk_1` FOREIGN KEY (`userId`) REFERENCES `user` (`id`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `user` VALUES ('isaysuX3RAqClL3Xg7T94dKzG9n6Bbli', 'Blaise', 'blaise@example.org', 0, NULL, '2024-05-01 12:00:00', '2024-05-01 12:00:00', 'blaise_p', 'Blaise_P', 'user', 0, NULL, NULL);
INSERT INTO `user` VALUES ('ixa9pqkITKS6vXr3fQeXHoiAtwmUrAz6', 'Ada King', 'ada@example.org', 0, NULL, '2024-05-01 12:00:00', '2024-05-01 12:00:00', 'ada', 'ada', 'admin,editor', 0, NULL, NULL);
INSERT INTO `user` VALUES ('sDEyei6CNvpL8ywv3xX07wclw7IIkyrS', 'Grace', 'grace@example.org', 0, NULL, '2024-05-01 12:00:00', '2024-05-01 12:00:00', NULL, NULL, 'user', 0, NULL, NULL);
INSERT INTO `user` VALUES ('social0000000000000000000000000x', 'Social', 'social@example.org', 1, NULL, '2024-05-01 12:00:00', '2024-05-01 12:00:00', NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO `user` VALUES ('vggL83gENWAwHMI6P2LOLc4hvrY7vWzx', 'Off', 'off@example.org', 0, NULL, '2024-05-01 12:00:00', '2024-05-01 12:00:00', 'offline', 'offline', 'user', 1, NULL, NULL);
INSERT INTO `account` VALUES ('acc', '1', 'github', 'social0000000000000000000000000x', NULL, NULL, NULL, NULL, NULL, NULL, NULL, '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `account` VALUES ('Fljeez6TZKaTzrAn11V3tluOCiLAikXk', 'isaysuX3RAqClL3Xg7T94dKzG9n6Bbli', 'credential', 'isaysuX3RAqClL3Xg7T94dKzG9n6Bbli', NULL, NULL, NULL, NULL, NULL, NULL, '99d158638f4926b5614bc76b07df9c03:fca5f37378b63f169b078c9a31bf751fbfdd2ea94b135539978eaa9edd506ea6c9b35df6faaf43e2c73a58b63a341b7fb973691f0ad8266cc63cfb897f9a63b9', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `account` VALUES ('HMCGSwpzxYnG0PJXvyfWypkpZM1QWDG6', 'ixa9pqkITKS6vXr3fQeXHoiAtwmUrAz6', 'credential', 'ixa9pqkITKS6vXr3fQeXHoiAtwmUrAz6', NULL, NULL, NULL, NULL, NULL, NULL, '57e92ce699a4adddd4f62f00ff74b73c:cb8534b3d6fb07d428e5961325423d4d763691f8b4a04488febf2532939ded4ef44d662ce37b3c546b935e5ec624a4993bf65cf2a5b65c701885b6cb3d2d44a8', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `account` VALUES ('sbSxYvjJQlX0ATkRVglEVL0t5IfW0ypr', 'sDEyei6CNvpL8ywv3xX07wclw7IIkyrS', 'credential', 'sDEyei6CNvpL8ywv3xX07wclw7IIkyrS', NULL, NULL, NULL, NULL, NULL, NULL, '48d23a4cd4f13f0821abaa9ca20a67a8:2a6f52645b7669f5794d8b5db2be11ff3321a5fab9435b92527e3f94ef2861a756b6d6d7bb5d959ae9277a2ff7ea159b57e5fa4a05cfc22eed30ef5d12e04d91', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `account` VALUES ('To0LF4FxiHSwBElcH31W6CiyojU26yoC', 'vggL83gENWAwHMI6P2LOLc4hvrY7vWzx', 'credential', 'vggL83gENWAwHMI6P2LOLc4hvrY7vWzx', NULL, NULL, NULL, NULL, NULL, NULL, 'b585440a21ebf7270d82323fce4c8400:305dace6e703f590e3ffe50cbb60fa7b307d4ff2cb15f6e4b955091438484f22cdfbfbdf04c25ec6984b125df52a962a059e97d31b2b248d4731b209bf9e73ad', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
