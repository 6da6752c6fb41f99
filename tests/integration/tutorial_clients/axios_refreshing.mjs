// A front end with an instance of axios whose interceptors add the token, and refresh it after a 401.
import { ORIGIN, preflight, readable } from "./origin.mjs";

export async function refreshingPage(axios, url, { username, password }) {
  const store = {};
  let refreshes = 0;
  const api = axios.create({
    baseURL: `${url}/api`,
    headers: { "Content-Type": "application/json", Origin: ORIGIN },
  });
  api.interceptors.request.use((config) => {
    if (store.accessToken) {
      config.headers["x-access-token"] = store.accessToken;
    }
    return config;
  });
  api.interceptors.response.use(
    (answer) => {
      readable(answer.headers["access-control-allow-origin"]);
      return answer;
    },
    async (error) => {
      const request = error.config;
      if (request.url === "/auth/signin" || error.response?.status !== 401 || request.repeated) {
        throw error;
      }
      request.repeated = true;
      refreshes += 1;
      if (refreshes > 20) {
        throw new Error("The front end refreshes again and again, because a refresh is answered with 401");
      }
      const answer = await api.post("/auth/refreshtoken", { refreshToken: store.refreshToken });
      store.accessToken = answer.data.accessToken; // it keeps its refresh token, and ignores the answer's
      return api(request);
    },
  );
  const failed = (error) => ({ status: error.response.status, message: error.response.data.message });
  const expire = () => {
    store.accessToken = `${store.accessToken.slice(0, -8)}AAAAAAAA`;
  };

  await preflight(`${url}/api/auth/refreshtoken`, "POST", ["content-type", "x-access-token"]);
  await api.post("/auth/signup", { username, email: `${username}@example.org`, password });
  Object.assign(store, (await api.post("/auth/signin", { username, password })).data);
  const boards = [];
  for (let round = 0; round < 3; round += 1) {
    expire();
    boards.push((await api.get("/test/user")).data);
  }
  expire();
  const together = await Promise.all(["user", "user", "all"].map((name) => api.get(`/test/${name}`)));
  const during = refreshes;

  await api.post("/auth/signout", {}); // not what the front end does: here somebody ends its session
  const ended = await api.get("/test/user").catch(failed);
  store.refreshToken = undefined;
  const without = await api.get("/test/user").catch(failed);
  return { boards, together: together.map((answer) => answer.data), refreshes: during, ended, without };
}
