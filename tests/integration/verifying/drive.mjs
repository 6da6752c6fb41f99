// Runs the program of docs/verifying-tokens.md. A line of input is a kind and a token, a line of output the verdict.
import { createInterface } from "node:readline";
import { Invalid, Unavailable, readRevocations, start, verify } from "./program.mjs";

/** Moves the clock that measures the age of the keys. */
function wait(seconds) {
  const before = performance.now.bind(performance);
  performance.now = () => before() + seconds * 1000;
}

async function verdict(kind, token) {
  if (kind === "later") {
    wait(Number(token));
    return "waited";
  }
  try {
    if (kind === "list") {
      await readRevocations(token);
      return "accepted";
    }
    return `accepted ${(await verify(token)).sub}`;
  } catch (error) {
    const what = (error.cause ?? error).constructor.name;
    if (error instanceof Invalid) return `invalid ${what}`;
    return error instanceof Unavailable ? `unavailable ${what}` : `raised ${what}`;
  }
}

await start();
for await (const line of createInterface({ input: process.stdin })) {
  const [kind, token] = JSON.parse(line);
  console.log(await verdict(kind, token));
}
process.exit(0);
