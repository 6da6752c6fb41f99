CREATE TABLE `roles` (
  `id` int NOT NULL,
  `name` varchar(255) DEFAULT NULL,
  `createdAt` datetime NOT NULL,
  `updatedAt` datetime NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
CREATE TABLE `users` (
  `id` int NOT NULL AUTO_INCREMENT,
  `username` varchar(255) DEFAULT NULL,
  `email` varchar(255) DEFAULT NULL,
  `password` varchar(255) DEFAULT NULL,
  `createdAt` datetime NOT NULL,
  `updatedAt` datetime NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `username` (`username`),
  UNIQUE KEY `email` (`email`)
) ENGINE=InnoDB AUTO_INCREMENT=8 DEFAULT CHARSET=utf8mb4;
CREATE TABLE `user_roles` (
  `createdAt` datetime NOT NULL,
  `updatedAt` datetime NOT NULL,
  `userId` int NOT NULL,
  `roleId` int NOT NULL,
  PRIMARY KEY (`userId`,`roleId`),
  KEY `roleId` (`roleId`),
  CONSTRAINT `user_roles_ibfk_1` FOREIGN KEY (`userId`) REFERENCES `users` (`id`) ON DELETE CASCADE ON UPDATE CASCADE,
  CONSTRAINT `user_roles_ibfk_2` FOREIGN KEY (`roleId`) REFERENCES `roles` (`id`) ON DELETE CASCADE ON UPDATE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO `roles` VALUES (1, 'user', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `roles` VALUES (2, 'moderator', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `roles` VALUES (3, 'admin', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `users` VALUES (1, 'ada', 'ada@example.org', '$2a$08$mjM8RXrXTWDoAFrtwmp7nehXn.Z7X0yfmWtkyxb6J3fvbz2At5Uvy', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `users` VALUES (2, 'john_doe', 'john@example.com', '$2a$08$22QBMVAnMKN4mYewQejbjeoCzFriK1/rLcwT98rNGupDpVY1UTRi2', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `users` VALUES (3, 'Jörg Müller', 'joerg@example.org', '$2a$08$Bt6I7o6v3T0DXikTRzVPWuCWSZesmsdFz/75xFNlA/0.V6gD51oW6', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `users` VALUES (4, 'eve@example.org', 'eve@example.org', '$2a$08$xy4xTU8B6eIvHvhn/GrQvOOdEdT8tlna0lVvBMer/MK2NK74FxjVy', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `users` VALUES (5, 'noaddress', NULL, '$2a$08$mvQQL0Y9N6t0FMEsNcegHO66QFICjoOGToRXIAkT.pe/UHG9RuR7y', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `users` VALUES (6, 'wrong', 'not an address', '$2a$08$oCawX0ndMxRHMpb4SOKJ.eBvURFaRFDWwALA4AvHooj0hqiuZ3wcq', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `users` VALUES (7, 'ab', 'ab@example.org', '$2a$08$ZWmjrhI3f/yRbSieIegORu.vvtXLj0gqJ2Gti714Zm7LaeSbGWezG', '2024-05-01 12:00:00', '2024-05-01 12:00:00');
INSERT INTO `user_roles` VALUES ('2024-05-01 12:00:00', '2024-05-01 12:00:00', 1, 1);
INSERT INTO `user_roles` VALUES ('2024-05-01 12:00:00', '2024-05-01 12:00:00', 1, 3);
INSERT INTO `user_roles` VALUES ('2024-05-01 12:00:00', '2024-05-01 12:00:00', 2, 1);
INSERT INTO `user_roles` VALUES ('2024-05-01 12:00:00', '2024-05-01 12:00:00', 3, 1);
INSERT INTO `user_roles` VALUES ('2024-05-01 12:00:00', '2024-05-01 12:00:00', 4, 1);
INSERT INTO `user_roles` VALUES ('2024-05-01 12:00:00', '2024-05-01 12:00:00', 4, 2);
INSERT INTO `user_roles` VALUES ('2024-05-01 12:00:00', '2024-05-01 12:00:00', 5, 1);
INSERT INTO `user_roles` VALUES ('2024-05-01 12:00:00', '2024-05-01 12:00:00', 7, 1);
