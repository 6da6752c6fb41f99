// A front end with Angular's HttpClient, whose interceptor adds the token and refreshes it after a 401.
import "@angular/compiler";
import { HttpClient, HttpErrorResponse, HttpHeaders, provideHttpClient, withFetch, withInterceptors } from "@angular/common/http";
import { createEnvironmentInjector, Injector, provideZonelessChangeDetection, ɵINJECTOR_SCOPE } from "@angular/core";
import { catchError, firstValueFrom, switchMap, throwError } from "rxjs";

import { ORIGIN, preflight } from "./origin.mjs";

export async function angularPage(url, { header, refreshes }, { username, password }) {
  const store = {};
  const withToken = (request) =>
    store.token ? request.clone({ headers: request.headers.set(header.name, header.value(store.token)) }) : request;
  const interceptor = (request, next) =>
    next(withToken(request)).pipe(
      catchError((error) => {
        const mayRefresh = refreshes && error.status === 401 && !request.url.includes("auth/");
        if (!(error instanceof HttpErrorResponse) || !mayRefresh) {
          return throwError(() => error);
        }
        return http.post(`${url}/api/auth/refreshtoken`, { refreshToken: store.refreshToken }, json).pipe(
          switchMap((answer) => {
            store.token = answer.accessToken;
            return next(withToken(request));
          }),
        );
      }),
    );
  const injector = createEnvironmentInjector(
    [
      { provide: ɵINJECTOR_SCOPE, useValue: "root" }, // as in the injector of an application, which needs a document
      provideZonelessChangeDetection(),
      provideHttpClient(withFetch(), withInterceptors([interceptor])),
    ],
    Injector.NULL,
  );
  const http = injector.get(HttpClient);
  const json = { headers: new HttpHeaders({ "Content-Type": "application/json", Origin: ORIGIN }) };
  const failed = (error) => {
    const body = typeof error.error === "string" ? JSON.parse(error.error) : error.error;
    return { status: error.status, message: body.message };
  };
  const board = (name) =>
    firstValueFrom(http.get(`${url}/api/test/${name}`, { responseType: "text", headers: { Origin: ORIGIN } })).catch(failed);

  await preflight(`${url}/api/test/user`, "GET", [header.name.toLowerCase()]);
  const member = { username, email: `${username}@example.org`, password };
  const registered = await firstValueFrom(http.post(`${url}/api/auth/signup`, member, json));
  const wrong = { username, password: `${password}s` };
  const refused = await firstValueFrom(http.post(`${url}/api/auth/signin`, wrong, json)).catch(failed);
  const user = await firstValueFrom(http.post(`${url}/api/auth/signin`, { username, password }, json));
  Object.assign(store, { token: user.accessToken, refreshToken: user.refreshToken });
  const fresh = await board("user");
  store.token = `${store.token.slice(0, -8)}AAAAAAAA`;
  const expired = await board("user");
  return { registered: registered.message, refused, fresh, expired, mod: await board("mod") };
}
