// Uses the types that openapi-typescript generated, and prints what came of it as JSON.

import createClient from "openapi-fetch";
import type { paths } from "./doorward.js";
import { asForm, baseUrl, email, password, print, username } from "./program.js";

const client = createClient<paths>({ baseUrl });

const signedUp = await client.POST("/api/auth/signup", {
  body: { username, email, password },
});
const signedIn = await client.POST("/api/auth/signin", { body: { username, password } });
const signedInByForm = await client.POST("/api/auth/signin", {
  body: { username, password },
  headers: asForm,
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

print({
  signedUp,
  signedIn,
  signedInByForm,
  account,
  content,
  refused,
  forbidden,
  revocations,
  refreshed,
  signedOut,
});
