// Runs six front ends against the service: URL, PASSWORD. Prints what each saw, as JSON.
import axios1 from "axios";
import axios021 from "axios-0-21";
import axios027 from "axios-0-27";

import { angularPage } from "./angular_page.mjs";
import { page } from "./axios_page.mjs";
import { refreshingPage } from "./axios_refreshing.mjs";

const [url, password] = process.argv.slice(2);
const xAccessToken = (token) => ({ "x-access-token": token });
const bearer = (token) => ({ Authorization: `Bearer ${token}` });
const somebody = (username) => ({ username, password });

const seen = {
  react: await page(axios027, { url, header: xAccessToken }, somebody("react")),
  vue: await page(axios1, { url, header: bearer, form: { confirmPassword: password, roles: null } }, somebody("vue")),
  reactRefreshing: await refreshingPage(axios021, url, somebody("react-refresh")),
  vueRefreshing: await refreshingPage(axios1, url, somebody("vue-refresh")),
  angular: await angularPage(
    url,
    { header: { name: "Authorization", value: (token) => token }, refreshes: false },
    somebody("angular"),
  ),
  angularRefreshing: await angularPage(
    url,
    { header: { name: "x-access-token", value: (token) => `Bearer ${token}` }, refreshes: true },
    somebody("angular-refresh"),
  ),
};
console.log(JSON.stringify(seen));
process.exit(0);
