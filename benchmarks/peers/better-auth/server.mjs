import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { getMigrations } from "better-auth/db/migration";
import { toNodeHandler } from "better-auth/node";
import { createPool } from "mysql2/promise";

const { HOST, MYSQL_DATABASE, MYSQL_HOST, MYSQL_PASSWORD, MYSQL_PORT, MYSQL_USER, PORT } = process.env;

const options = {
  baseURL: `http://${HOST}:${PORT}`,
  secret: randomBytes(32).toString("hex"),
  database: createPool({
    host: MYSQL_HOST,
    port: Number(MYSQL_PORT),
    user: MYSQL_USER,
    password: MYSQL_PASSWORD,
    database: MYSQL_DATABASE,
    timezone: "Z", // as its documentation requires
  }),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false }, // the default in production would refuse a single client's load
  telemetry: { enabled: false },
  logger: { level: "error" },
};

const { runMigrations } = await getMigrations(options);
await runMigrations();

createServer(toNodeHandler(betterAuth(options))).listen(Number(PORT), HOST);
