import { randomBytes } from "node:crypto";
import jwt from "jsonwebtoken";
import { User } from "./models.mjs";

export const secret = randomBytes(32).toString("hex");

function claimsOf(token) {
  try {
    return jwt.verify(token, secret);
  } catch {
    return undefined;
  }
}

/** One query, so that the token of a deleted account is refused. */
export async function signedIn(request, response, next) {
  const token = request.headers["x-access-token"];
  if (!token) {
    return response.status(403).send({ message: "No token provided!" });
  }
  const claims = claimsOf(token);
  if (!claims || !(await User.findByPk(claims.id))) {
    return response.status(401).send({ message: "Unauthorized!" });
  }
  request.userId = claims.id;
  next();
}

/** Two more queries, so that a role that was taken away is gone. */
export function having(name, refusal) {
  return async (request, response, next) => {
    const user = await User.findByPk(request.userId);
    const roles = await user.getRoles();
    if (!roles.some((role) => role.name === name)) {
      return response.status(403).send({ message: refusal });
    }
    next();
  };
}
