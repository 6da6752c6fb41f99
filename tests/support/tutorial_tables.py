"""The tables of the Express tutorial, as Sequelize makes them, with an account."""

from support.sql_by_hand import Sql

CREATE = (
    "CREATE TABLE `roles` (`id` INTEGER PRIMARY KEY, `name` VARCHAR(255), `createdAt` DATETIME NOT NULL, "
    "`updatedAt` DATETIME NOT NULL)",
    "CREATE TABLE `users` (`id` INTEGER PRIMARY KEY, `username` VARCHAR(255), `email` VARCHAR(255), "
    "`password` VARCHAR(255), `createdAt` DATETIME NOT NULL, `updatedAt` DATETIME NOT NULL)",
    "CREATE TABLE `user_roles` (`createdAt` DATETIME NOT NULL, `updatedAt` DATETIME NOT NULL, `roleId` INTEGER, "
    "`userId` INTEGER, PRIMARY KEY (`roleId`, `userId`), "
    "FOREIGN KEY (`roleId`) REFERENCES `roles` (`id`) ON DELETE CASCADE ON UPDATE CASCADE, "
    "FOREIGN KEY (`userId`) REFERENCES `users` (`id`) ON DELETE CASCADE ON UPDATE CASCADE)",
    "INSERT INTO `roles` VALUES (1, 'user', '2024-01-01 00:00:00', '2024-01-01 00:00:00')",
    "INSERT INTO `users` VALUES (1, 'ada', 'ada@example.org', '$2a$08$abc', '2024-01-01 00:00:00', "
    "'2024-01-01 00:00:00')",
    "INSERT INTO `user_roles` VALUES ('2024-01-01 00:00:00', '2024-01-01 00:00:00', 1, 1)",
)
NAMES = ("roles", "user_roles", "users")


def make_tutorial_tables(sql: Sql) -> None:
    sql(*CREATE)


def content(sql: Sql, *names: str) -> list[object]:
    """Return the definition and the rows of each table."""
    return [(definition(sql, name), sql(f"SELECT * FROM `{name}`")) for name in names]


def definition(sql: Sql, name: str) -> object:
    try:
        return sql(f"SHOW CREATE TABLE `{name}`")
    except Exception:  # noqa: BLE001 SQLite does not know this statement
        return sql(f"SELECT sql FROM sqlite_master WHERE name = '{name}'")
