// A front end whose pages call axios directly, as those for React and Vue without refresh do.
import { ORIGIN, preflight, readable } from "./origin.mjs";

// `header` returns the header of the token; `form` holds what the form of the sign-up has beside the three known members
export async function page(axios, { url, header, form = {} }, { username, password }) {
  const headers = { Origin: ORIGIN };
  const failed = (error) => ({ status: error.response.status, message: error.response.data.message });
  const read = (answer) => {
    readable(answer.headers["access-control-allow-origin"]);
    return answer.data;
  };
  const member = { username, email: `${username}@example.org`, password };

  await preflight(`${url}/api/auth/signup`, "POST", ["content-type"]);
  const registered = read(await axios.post(`${url}/api/auth/signup`, { ...member, ...form }, { headers }));
  const again = await axios.post(`${url}/api/auth/signup`, member, { headers }).catch(failed);
  const unknown = { username: `${username}-x`, password };
  const stranger = await axios.post(`${url}/api/auth/signin`, unknown, { headers }).catch(failed);
  const user = read(await axios.post(`${url}/api/auth/signin`, { username, password, ...form }, { headers }));
  const token = header(user.accessToken);
  await preflight(`${url}/api/test/user`, "GET", Object.keys(token).map((name) => name.toLowerCase()));
  const board = (name, more = token) =>
    axios.get(`${url}/api/test/${name}`, { headers: { ...headers, ...more } }).then(read, failed);
  return {
    registered: registered.message,
    again,
    stranger,
    roles: user.roles,
    all: await board("all", {}),
    user: await board("user"),
    mod: await board("mod"),
    nobody: await board("user", {}),
  };
}
