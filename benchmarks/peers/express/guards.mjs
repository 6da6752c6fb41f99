import { randomBytes } from "node:crypto";
import jwt from "jsonwebtoken";
import { User } from "./models.mjs";

export const secret = randomBytes(32).toString("hex");

function verifiedClaims(token) {
  try {
    return jwt.verify(token, secret);
  } catch {
    return undefined;
  }
}

/** Executes one query, so that the token of a deleted account is refused. */
export async function signedIn(request, response, next) {
  const token = request.headers["x-access-token"];
  if (!token) {
    return response.status(403).send({ message: "No token provided!" });
  }
  const claims = verifiedClaims(token);
  if (!claims || !(await User.findByPk(claims.id))) {
    return response.status(401).send({ message: "Unauthorized!" });
  }
  request.userId = claims.id;
  next();
}

/** Executes two more queries, so that a revoked role is refused. */
export function requireRole(name, refusal) {
  return async (request, response, next) => {
    const user = await User.findByPk(request.userId);
    const roles = await user.getRoles();
    if (!roles.some((role) => role.name === name)) {
      return response.status(403).send({ message: refusal });
    }
    next();
  };
}
