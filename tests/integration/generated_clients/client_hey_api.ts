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
import { asForm, baseUrl, email, password, print, username } from "./program.js";

client.setConfig({ baseUrl });

const signedUp = await signUp({ body: { username, email, password } });
const signedIn = await signIn({ body: { username, password } });
const signedInByForm = await signIn({
  body: { username, password },
  bodySerializer: (body) => new URLSearchParams(body as Record<string, string>),
  headers: asForm,
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

print({
  signedUp,
  signedIn,
  signedInByForm,
  account,
  content,
  refused,
  forbidden,
  revocations: published,
  refreshed,
  signedOut,
});
