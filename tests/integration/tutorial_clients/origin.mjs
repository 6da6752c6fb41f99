// What a browser does around the request of a page: the page's origin, and the question before the request.
export const ORIGIN = "http://localhost:8081";

export async function preflight(url, method, headers) {
  const answer = await fetch(url, {
    method: "OPTIONS",
    headers: {
      Origin: ORIGIN,
      "Access-Control-Request-Method": method,
      "Access-Control-Request-Headers": headers.join(","),
    },
  });
  const allowed = answer.headers.get("access-control-allow-headers")?.toLowerCase().split(/, */) ?? [];
  if (!answer.ok || !headers.every((header) => allowed.includes(header))) {
    throw new Error(`The preflight of ${method} ${url} with ${headers} is answered ${answer.status}, allowing ${allowed}`);
  }
}

export function readable(allowedOrigin) {
  if (allowedOrigin !== ORIGIN) {
    throw new Error(`A page of ${ORIGIN} could not read the answer, which allows ${allowedOrigin}`);
  }
}
