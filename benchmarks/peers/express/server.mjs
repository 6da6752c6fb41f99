import cors from "cors";
import express from "express";
import { signIn, signUp } from "./accounts.mjs";
import { requireRole, signedIn } from "./guards.mjs";
import { prepare } from "./models.mjs";

/** Express 4 ignores the errors of async functions. Without this, an error of a query would end the process. */
const withErrors = (handler) => (request, response, next) => handler(request, response, next).catch(next);

const content = (text) => (request, response) => response.status(200).send(text);

const app = express();
app.use(cors({ origin: "http://localhost:8081" }));
app.use(express.json());
app.use(express.urlencoded({ extended: true }));

app.post("/api/auth/signup", withErrors(signUp));
app.post("/api/auth/signin", withErrors(signIn));

const moderator = withErrors(requireRole("moderator", "Require Moderator Role!"));
const admin = withErrors(requireRole("admin", "Require Admin Role!"));
app.get("/api/test/all", content("Public Content."));
app.get("/api/test/user", withErrors(signedIn), content("User Content."));
app.get("/api/test/mod", withErrors(signedIn), moderator, content("Moderator Content."));
app.get("/api/test/admin", withErrors(signedIn), admin, content("Admin Content."));

app.use((error, request, response, next) => {
  response.status(500).send({ message: error.message });
});

await prepare();
app.listen(Number(process.env.PORT), process.env.HOST);
