import { DataTypes, Sequelize } from "sequelize";

const { MYSQL_DATABASE, MYSQL_HOST, MYSQL_PASSWORD, MYSQL_PORT, MYSQL_USER } = process.env;

const database = new Sequelize(MYSQL_DATABASE, MYSQL_USER, MYSQL_PASSWORD, {
  dialect: "mysql",
  host: MYSQL_HOST,
  port: Number(MYSQL_PORT),
  logging: false,
  pool: { max: 5, min: 0, acquire: 30_000, idle: 10_000 },
});

// The tutorial has no indexes here. Without them a sign-in would read the whole table, and its speed would depend on the
// number of accounts.
export const User = database.define("user", {
  username: { type: DataTypes.STRING, unique: true },
  email: { type: DataTypes.STRING, unique: true },
  password: DataTypes.STRING,
});

export const Role = database.define("role", {
  id: { type: DataTypes.INTEGER, primaryKey: true },
  name: DataTypes.STRING,
});

User.belongsToMany(Role, { through: "user_roles" });
Role.belongsToMany(User, { through: "user_roles" });

export async function prepare() {
  await database.sync();
  const names = ["user", "moderator", "admin"];
  await Role.bulkCreate(names.map((name, index) => ({ id: index + 1, name })), { ignoreDuplicates: true });
}
