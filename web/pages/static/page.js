/** What every page loads. Without it, or on an old browser, each page is whole. */

import "./addresses.js";
import { back, closing } from "./back.js";
import { keys, onKey } from "./keys.js";
import { marks } from "./marks.js";
import { results } from "./results.js";
import { suggest } from "./suggest.js";

const form = document.getElementById("searchbox");
if (form) {
  suggest(form);
  if (new URL(form.action).pathname === location.pathname) results(form);
  onKey("/", () => {
    form.elements.q.focus();
    form.elements.q.select();
  });
}

const article = document.querySelector("article[data-marks]");
if (article) marks(article, document.getElementById("marks"));

keys(document.getElementById("keys"));
closing();

const link = document.getElementById("back");
if (link) back(link);
