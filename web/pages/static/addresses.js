/** Clean addresses: a form's empty fields are left out of them. */

document.addEventListener("formdata", ({ target, formData }) => {
  if (target.method !== "get") return;
  for (const name of new Set(formData.keys())) {
    const values = formData.getAll(name);
    formData.delete(name);
    for (const value of values) if (value !== "") formData.append(name, value);
  }
});

/** Return the address that a GET form would open, sent by `submitter`. */
export function addressOf(form, submitter) {
  const address = new URL(form.action);
  address.search = new URLSearchParams(new FormData(form, submitter));
  return address;
}
