// Uses the types that openapi-typescript generated, and prints what came of it as JSON.

import createClient from "openapi-fetch";
import type { paths } from "./doorward.js";

declare const process: { argv: string[] };

const [, , baseUrl = "", username = "", password = ""] = process.argv;
const client = createClient<paths>({ baseUrl });

const signedUp = await client.POST("/api/auth/signup", {
  body: { username, email: `${username}@example.org`, password },
});
const signedIn = await client.POST("/api/auth/signin", { body: { username, password } });
const signedInByForm = await client.POST("/api/auth/signin", {
  body: { username, password },
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});
const accessToken = signedIn.data?.accessToken ?? "";
const refreshToken = signedIn.data?.refreshToken ?? "";
const headers = { Authorization: `Bearer ${accessToken}` };

const account = await client.GET("/api/account", { headers });
const content = await client.GET("/api/test/user", { headers, parseAs: "text" });
const refused = await client.GET("/api/test/mod", { headers, parseAs: "text" });
const forbidden = await client.GET("/api/admin/roles/{role}", { headers, params: { path: { role: "moderator" } } });
const revocations = await client.GET("/.well-known/revocations", { parseAs: "text" });
const refreshed = await client.POST("/api/auth/refresh", { body: { refreshToken } });
const signedOut = await client.POST("/api/auth/signout", { headers });

const results: Record<string, string | number | undefined> = {
  signedUp: signedUp.data?.message,
  signedIn: signedIn.data?.username,
  signedInByForm: signedInByForm.data?.username,
  account: account.data?.session.address,
  content: content.data,
  refused: refused.error && refused.response.status,
  forbidden: forbidden.error?.code,
  revocations: revocations.data?.split(".").length,
  refreshed: refreshed.data?.username,
  signedOut: signedOut.response.status,
};
console.log(JSON.stringify(results));
