import bcrypt from "bcryptjs";
import jwt from "jsonwebtoken";
import { Op } from "sequelize";
import { Role, User } from "./models.mjs";
import { secret } from "./guards.mjs";

const TOKEN_LIFETIME_SECONDS = 86_400;
const DEFAULT_ROLE_ID = 1;

export async function signUp(request, response) {
  const { username, email, password, roles } = request.body;
  if (await User.findOne({ where: { username } })) {
    return response.status(400).send({ message: "Failed! Username is already in use!" });
  }
  if (await User.findOne({ where: { email } })) {
    return response.status(400).send({ message: "Failed! Email is already in use!" });
  }
  const user = await User.create({ username, email, password: bcrypt.hashSync(password, 8) });
  await user.setRoles(roles ? await Role.findAll({ where: { name: { [Op.or]: roles } } }) : [DEFAULT_ROLE_ID]);
  response.send({ message: "User was registered successfully!" });
}

export async function signIn(request, response) {
  const user = await User.findOne({ where: { username: request.body.username } });
  if (!user) {
    return response.status(404).send({ message: "User Not found." });
  }
  // Synchronous, as in the tutorial: no other request is answered meanwhile.
  if (!bcrypt.compareSync(request.body.password, user.password)) {
    return response.status(401).send({ accessToken: null, message: "Invalid Password!" });
  }
  const accessToken = jwt.sign({ id: user.id }, secret, { algorithm: "HS256", expiresIn: TOKEN_LIFETIME_SECONDS });
  const roles = (await user.getRoles()).map((role) => `ROLE_${role.name.toUpperCase()}`);
  response.send({ id: user.id, username: user.username, email: user.email, roles, accessToken });
}
