import cors from "cors";
import express from "express";
import { signIn, signUp } from "./accounts.mjs";
import { having, signedIn } from "./guards.mjs";
import { prepare } from "./models.mjs";

/** Express 4 does not look at what an async function comes to; without this a refused query ends the process. */
const heeded = (handler) => (request, response, next) => handler(request, response, next).catch(next);

const content = (text) => (request, response) => response.status(200).send(text);

const app = express();
app.use(cors({ origin: "http://localhost:8081" }));
app.use(express.json());
app.use(express.urlencoded({ extended: true }));

app.post("/api/auth/signup", heeded(signUp));
app.post("/api/auth/signin", heeded(signIn));

const moderator = heeded(having("moderator", "Require Moderator Role!"));
const admin = heeded(having("admin", "Require Admin Role!"));
app.get("/api/test/all", content("Public Content."));
app.get("/api/test/user", heeded(signedIn), content("User Content."));
app.get("/api/test/mod", heeded(signedIn), moderator, content("Moderator Content."));
app.get("/api/test/admin", heeded(signedIn), admin, content("Admin Content."));

app.use((error, request, response, next) => {
  response.status(500).send({ message: error.message });
});

await prepare();
app.listen(Number(process.env.PORT), process.env.HOST);
