// Uses the client that @hey-api/openapi-ts generated, and prints what came of it as JSON.

import {
  getOwnAccount,
  getRole,
  moderatorContent,
  refreshSession,
  revocations,
  signIn,
  signOut,
  signUp,
  userContent,
} from "./doorward/index.js";
import { client } from "./doorward/client.gen.js";

declare const process: { argv: string[] };

const [, , baseUrl = "", username = "", password = ""] = process.argv;
client.setConfig({ baseUrl });

const signedUp = await signUp({ body: { username, email: `${username}@example.org`, password } });
const signedIn = await signIn({ body: { username, password } });
const signedInByForm = await signIn({
  body: { username, password },
  bodySerializer: (body) => new URLSearchParams(body as Record<string, string>),
  headers: { "Content-Type": "application/x-www-form-urlencoded" },
});
const auth = signedIn.data?.accessToken ?? "";
const refreshToken = signedIn.data?.refreshToken ?? "";

const account = await getOwnAccount({ auth });
const content = await userContent({ auth });
const refused = await moderatorContent({ auth });
const forbidden = await getRole({ auth, path: { role: "moderator" } });
const published = await revocations({ parseAs: "text" });
const refreshed = await refreshSession({ body: { refreshToken } });
const signedOut = await signOut({ auth });

const results: Record<string, string | number | undefined> = {
  signedUp: signedUp.data?.message,
  signedIn: signedIn.data?.username,
  signedInByForm: signedInByForm.data?.username,
  account: account.data?.session.address,
  content: content.data,
  refused: refused.error && refused.response?.status,
  forbidden: forbidden.error?.code,
  revocations: published.data?.split(".").length,
  refreshed: refreshed.data?.username,
  signedOut: signedOut.response?.status,
};
console.log(JSON.stringify(results));
