// Makes the tables of better-auth with two of its plugins, and the accounts of better_auth.sql. Its packages are those
// of the peer of the benchmarks.
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { admin, username as usernames } from "better-auth/plugins";
import { createPool } from "mysql2/promise";

const { MYSQL_DATABASE, MYSQL_HOST, MYSQL_PASSWORD, MYSQL_PORT, MYSQL_USER } = process.env;
const database = createPool({
  host: MYSQL_HOST,
  port: Number(MYSQL_PORT),
  user: MYSQL_USER,
  password: MYSQL_PASSWORD,
  database: MYSQL_DATABASE,
  timezone: "Z",
});
const options = {
  baseURL: "http://127.0.0.1:1",
  secret: "a secret of this program alone, thirty-two",
  database,
  emailAndPassword: { enabled: true, minPasswordLength: 6 },
  plugins: [usernames(), admin()],
  telemetry: { enabled: false },
  logger: { level: "error" },
};
const { runMigrations } = await getMigrations(options);
await runMigrations();
const auth = betterAuth(options);
const people = [
  ["ada@example.org", "violet harbour kettle", "Ada King", "ada"],
  ["Grace@Example.org", "short6", "Grace", undefined],
  ["blaise@example.org", "p\u00e4ssw\u00f6rter", "Blaise", "Blaise_P"],
  ["off@example.org", "violet harbour kettle", "Off", "offline"],
];
for (const [email, password, name, username] of people) {
  await auth.api.signUpEmail({ body: { email, password, name, ...(username ? { username } : {}) } });
}
const social = "social0000000000000000000000000x";
const then = "2024-05-01 12:00:00";
await database.query("UPDATE user SET role = 'admin,editor' WHERE username = 'ada'");
await database.query("UPDATE user SET banned = 1 WHERE username = 'offline'");
await database.query(
  "INSERT INTO user (id, name, email, emailVerified, createdAt, updatedAt) VALUES (?, 'Social', 'social@example.org', 1, ?, ?)",
  [social, then, then],
);
await database.query(
  "INSERT INTO account (id, accountId, providerId, userId, createdAt, updatedAt) VALUES ('acc', '1', 'github', ?, ?, ?)",
  [social, then, then],
);
process.exit(0);
