// The desk works without this. With it, tasks that run show their progress, and files can be dropped anywhere in the
// form that sends them.

const PAUSE = 2000;

async function refresh(section) {
  let fresh = section;
  try {
    const answer = await fetch(section.dataset.refresh, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    fresh = page.getElementById("tasks") ?? section;
    if (fresh !== section) section.replaceWith(document.adoptNode(fresh));
  } catch {
    // the service restarts: try again
  }
  if (fresh.dataset.refresh) setTimeout(refresh, PAUSE, fresh);
}

const tasks = document.querySelector("[data-refresh]");
if (tasks) setTimeout(refresh, PAUSE, tasks);

for (const form of document.querySelectorAll("[data-drop]")) {
  const files = form.querySelector("input[type=file]");
  for (const name of ["dragenter", "dragover"]) {
    form.addEventListener(name, (event) => {
      event.preventDefault();
      form.classList.add("over");
    });
  }
  form.addEventListener("dragleave", () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => {
    event.preventDefault();
    form.classList.remove("over");
    if (event.dataTransfer?.files.length) files.files = event.dataTransfer.files;
  });
}
