// Sends what is tried on the page of the API to this service, and shows the answer in its place.

const MOST_SHOWN = 20000;

const key = document.querySelector("[data-key]");
key.hidden = false;
key.addEventListener("submit", (event) => event.preventDefault());

/** The address that a form asks, without what is empty or as it would be anyway. */
function asked(form) {
  let address = form.getAttribute("action");
  const query = new URLSearchParams();
  for (const field of form.querySelectorAll("[name]")) {
    if ("path" in field.dataset) {
      address = address.replace(`{${field.name}}`, field.value.split("/").map(encodeURIComponent).join("/"));
    } else if (field.value !== "" && field.value !== field.dataset.default) {
      query.set(field.name, field.value);
    }
  }
  return query.size ? `${address}?${query}` : address;
}

/** The text of an answer, JSON with a field a line. */
function readable(text, type) {
  if (!type.includes("json")) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function send(form) {
  const place = form.parentElement.querySelector("[data-answer]");
  const status = place.querySelector("[role=status]");
  const body = place.querySelector("pre");
  const token = key.querySelector("input").value.trim();
  const address = asked(form);
  place.hidden = false;
  status.textContent = place.dataset.asking;
  body.textContent = "";
  try {
    const headers = { Accept: "application/json", ...(token ? { Authorization: `Bearer ${token}` } : {}) };
    const answer = await fetch(address, { headers });
    const type = answer.headers.get("Content-Type") ?? "";
    const text = readable(await answer.text(), type);
    status.textContent = `${answer.status} ${answer.statusText} · ${decodeURI(address)}`;
    body.textContent = text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}\n${place.dataset.cut}` : text;
  } catch {
    status.textContent = place.dataset.failed;
  }
}

for (const form of document.querySelectorAll("[data-try]")) {
  form.parentElement.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}
