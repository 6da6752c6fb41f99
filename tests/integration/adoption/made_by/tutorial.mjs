// Makes the tables of the tutorial by Sequelize, and the accounts of tutorial.sql. Its packages and models are those of
// the peer of the benchmarks.
import bcrypt from "bcryptjs";
import { User, prepare } from "./models.mjs";

await prepare();
const people = [
  ["ada", "ada@example.org", "violet harbour kettle", [1, 3]],
  ["john_doe", "john@example.com", "securePassword123", [1]],
  ["J\u00f6rg M\u00fcller", "joerg@example.org", "sechs6", [1]],
  ["eve@example.org", "eve@example.org", "12345678", [1, 2]],
  ["noaddress", null, "violet harbour kettle", [1]],
  ["wrong", "not an address", "violet harbour kettle", []],
  ["ab", "ab@example.org", "p\u00e4ssw\u00f6rter", [1]],
];
for (const [username, email, password, roles] of people) {
  const user = await User.create({ username, email, password: bcrypt.hashSync(password, 8) });
  await user.setRoles(roles);
}
process.exit(0);
