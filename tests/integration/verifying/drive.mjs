// Runs the program of docs/verifying-tokens.md. A line of input is a kind and a token, a line of output the verdict.
import { createInterface } from "node:readline";
import { readRevocations, start, verify } from "./program.mjs";

async function verdict(kind, token) {
  try {
    if (kind === "list") {
      await readRevocations(token);
      return "accepted";
    }
    return `accepted ${(await verify(token)).sub}`;
  } catch (error) {
    return `refused ${error.name}`;
  }
}

await start();
for await (const line of createInterface({ input: process.stdin })) {
  const [kind, token] = line.split(" ");
  console.log(await verdict(kind, token));
}
process.exit(0);
