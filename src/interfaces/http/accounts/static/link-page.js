// The addresses are relative, because a proxy may serve this page below a path.
// The token is taken out of the address at once, so that it stays neither in the history nor in a bookmark.
const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
history.replaceState(null, "", location.pathname);

const form = document.querySelector("form");
const outcome = document.getElementById("outcome");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  outcome.textContent = "";
  try {
    const answer = await fetch(form.dataset.route, {
      method: "POST",
      credentials: "omit",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ token, ...Object.fromEntries(new FormData(form)) }),
    });
    if (answer.ok) {
      form.hidden = true;
      outcome.textContent = form.dataset.done;
      if (form.dataset.next) {
        location.assign(`${form.dataset.next}#token=${(await answer.json()).resetToken}`);
      }
    } else {
      outcome.textContent = (await answer.json()).detail;
    }
  } catch {
    outcome.textContent = "The service does not answer. Try again in a moment.";
  }
});
