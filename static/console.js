// What the pages do beyond plain links and forms. Everything here is a comfort: without scripts all of it works as well.
"use strict";

/* Helpers */
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const on = (event, handle) => document.addEventListener(event, handle);

function announce(text) {
  // A live region speaks when its text changes after it came into the page; once spoken, the words are not to be met again.
  setTimeout(() => { $("#announcer").textContent = text; }, 100);
  setTimeout(() => { $("#announcer").textContent = ""; }, 1100);
}

/* Theme */
function initTheme() {
  const theme = document.documentElement.dataset.theme ?? "system";
  for (const choices of $$("[data-theme-switch]")) {
    choices.hidden = false;
    $(`[value="${theme}"]`, choices).checked = true;
  }
}
on("change", ({ target }) => {
  if (!target.closest("[data-theme-switch]")) return;
  if (target.value === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = target.value;
  try {
    localStorage.setItem("theme", target.value);
  } catch {
    // Storage is refused: the choice holds for this page.
  }
});

/* Times: where a table only says how long ago, the exact one is its tooltip */
on("pointerover", ({ target }) => {
  const time = target.closest("time:not([title])");
  if (!time) return;
  const at = new Date(time.dateTime);
  const format = { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  time.title = `${at.toLocaleDateString("en-GB", format)}, ${at.toLocaleTimeString("en-GB", { timeZone: "UTC" })} UTC`;
});

/* Workspace switcher: goes at once, except while one steps through the choices with the arrow keys */
let stepping = false;
on("keydown", ({ key, target }) => {
  if (target.matches?.("[data-switcher] select")) stepping = key !== "Enter" && key !== " ";
});
on("change", ({ target }) => {
  const form = target.closest("[data-switcher]");
  if (!form) return;
  if (stepping) form.classList.add("pending");
  else form.requestSubmit();
});
on("pointerdown", () => { stepping = false; });

/* Messages */
const LINGER = 8000;

function initToasts() {
  const texts = $$("#toasts .toast").map((toast) => {
    dismissible(toast);
    return $("p", toast).textContent;
  });
  if (texts.length) announce(texts.join(" "));
}
function dismissible(toast) {
  const close = document.createElement("button");
  close.type = "button";
  close.className = "button quiet small";
  close.textContent = "Dismiss";
  close.addEventListener("click", () => toast.remove());
  toast.append(close);
  if (toast.classList.contains("error") || toast.classList.contains("warning")) return;
  let timer;
  const start = () => { timer = setTimeout(() => toast.remove(), LINGER); };
  const stop = () => clearTimeout(timer);
  for (const event of ["pointerenter", "focusin"]) toast.addEventListener(event, stop);
  for (const event of ["pointerleave", "focusout"]) toast.addEventListener(event, start);
  start();
}
function complain(text) {
  // What goes wrong again, as with a page that asks every second, is said once.
  if ($$("#toasts .toast p").some((told) => told.textContent === text)) return;
  const toast = document.createElement("div");
  toast.className = "toast error";
  const sentence = document.createElement("p");
  sentence.textContent = text;
  toast.append(sentence);
  dismissible(toast);
  $("#toasts").append(toast);
}
on("htmx:sendError", () => complain("The console does not answer. Check the connection and try again."));
on("htmx:responseError", ({ detail }) => complain(`The console failed to answer (${detail.xhr.status}). Try again.`));

/* Dialog: opened by an answer that htmx put into it; focus goes in, and back to the opener */
let opener = null;

function closeDialog() {
  $("#dialog").close();
}
function initDialog() {
  const dialog = $("#dialog");
  dialog.addEventListener("close", () => {
    dialog.replaceChildren();
    if (opener?.isConnected) opener.focus();
    opener = null;
  });
  // A press that began inside, such as one that selects text, is no press on the backdrop.
  dialog.addEventListener("pointerdown", (event) => {
    const box = dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (event.target === dialog && !inside) closeDialog();
  });
}
on("htmx:beforeRequest", ({ detail }) => {
  const { elt, target, requestConfig } = detail;
  if (target.id === "dialog" && !target.open) opener = requestConfig.triggeringEvent?.submitter ?? elt;
});
on("htmx:afterSwap", ({ detail }) => {
  const dialog = detail.target;
  if (dialog.id !== "dialog") return;
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  const first = $("[aria-invalid=true], textarea, input:not([type=hidden]), select", dialog);
  (first ?? $("[data-close-dialog]", dialog))?.focus();
});
on("click", (event) => {
  if (!event.target.closest("dialog [data-close-dialog]")) return;
  event.preventDefault();
  closeDialog();
});

/* Answers of htmx */
on("htmx:configRequest", ({ detail }) => {
  // Empty filters say nothing: keep them out of the address.
  if (detail.verb !== "get") return;
  for (const [name, value] of [...detail.formData.entries()]) if (value === "") detail.formData.delete(name, value);
});
on("htmx:beforeSwap", ({ detail }) => {
  // A whole page came where a part was asked for: after a redirect, an ended session, or an error. Show it as a page.
  const { xhr, serverResponse, requestConfig } = detail;
  const part = requestConfig.elt.closest("[hx-select]")?.getAttribute("hx-select");
  const holdsPart = part && serverResponse.includes(`id="${part.slice(1)}"`);
  if (xhr.status >= 500 || holdsPart || !/^\s*<!doctype html/i.test(serverResponse)) return;
  detail.shouldSwap = false;
  const landed = new URL(xhr.responseURL);
  const redirected = landed.pathname !== new URL(requestConfig.path, location.href).pathname;
  // What was chosen has been dealt with.
  if (redirected && requestConfig.verb === "post") selection.values.clear();
  showPage(serverResponse, redirected ? landed : null);
});
function showPage(text, url) {
  const page = new DOMParser().parseFromString(text, "text/html");
  if (url && url.href !== location.href) history.pushState({ htmx: true }, "", url);
  const stays = url?.pathname === lastPath;
  lastPath = location.pathname;
  document.title = page.title;
  document.body.replaceWith(page.body);
  htmx.process(document.body);
  start();
  if (!stays) scrollTo(0, 0);
  $("#main").focus({ preventScroll: true });
}
let lastPath = location.pathname;

/* Rows: say how many, keep the focus, and come back to the top of a new page */
on("htmx:afterSettle", ({ detail }) => {
  const rows = detail.elt;
  if (!rows.classList.contains("rows")) return;
  const count = $("[data-announce]", rows) ?? $(".empty h2", rows);
  if (count) announce(count.textContent.trim());
  if (document.activeElement === document.body) {
    rows.tabIndex = -1;
    rows.focus({ preventScroll: true });
  }
  if (rows.getBoundingClientRect().top < 0) rows.scrollIntoView({ block: "start" });
});

/* Rows of a form: after one was added the focus is in it, after one was removed on the button that adds */
on("htmx:afterSettle", ({ detail }) => {
  const rows = detail.elt;
  const { name } = detail.requestConfig.elt;
  if (!rows.matches("[data-rows]") || !["add", "remove"].includes(name)) return;
  const last = $$("[role=group]", rows).at(-1);
  const added = name === "add" && last && $("input:not([type=hidden]), select, textarea", last);
  (added || $("[name=add]", rows)).focus();
});

/* Selection of rows, kept over the pages of one list */
const selection = { list: "", values: new Set() };

function listAddress() {
  const query = new URLSearchParams(location.search);
  for (const name of ["page", "rows", "sort"]) query.delete(name);
  return `${location.pathname}?${query}`;
}
function initSelection() {
  const bulk = $("#bulk");
  if (listAddress() !== selection.list) {
    selection.list = listAddress();
    selection.values.clear();
  }
  if (!bulk) return;
  for (const box of boxes()) {
    if (box.checked) selection.values.add(box.value);
    box.checked = selection.values.has(box.value);
  }
  showSelection(bulk);
}
function boxes() {
  return $$("input[name=row][form=bulk]");
}
function showSelection(bulk = $("#bulk")) {
  const shown = boxes();
  const all = $("[data-select-all]");
  const checked = shown.filter((box) => box.checked).length;
  if (all) {
    all.checked = checked > 0 && checked === shown.length;
    all.indeterminate = checked > 0 && checked < shown.length;
  }
  const here = new Set(shown.map((box) => box.value));
  const matching = $("[data-matching]", bulk);
  const many = selection.values.size;
  $("[data-selected]", bulk).textContent = matching.checked ? `All ${matching.dataset.matching}` : `${many.toLocaleString("en")} selected`;
  $("[data-clear-selection]", bulk).hidden = false;
  bulk.classList.toggle("open", many > 0 || matching.checked);
  for (const carried of $$("[data-carried]", bulk)) carried.remove();
  for (const value of selection.values) {
    if (here.has(value)) continue;
    const carried = Object.assign(document.createElement("input"), { type: "hidden", name: "row", value });
    carried.dataset.carried = "";
    bulk.append(carried);
  }
}
on("change", ({ target }) => {
  if (target.matches("[data-select-all]")) for (const box of boxes()) box.checked = target.checked;
  else if (!target.matches("input[name=row][form=bulk], [data-matching]")) return;
  for (const box of boxes()) selection.values[box.checked ? "add" : "delete"](box.value);
  showSelection();
});
on("click", ({ target }) => {
  if (!target.closest("[data-clear-selection]")) return;
  selection.values.clear();
  for (const box of [...boxes(), $("[data-matching]")]) box.checked = false;
  showSelection();
  $("[data-select-all]")?.focus();
});

/* Forms */
function initForms(root) {
  // The server says what is wrong, at the field and in a summary; the browser's own bubbles would come in between.
  for (const form of $$("form.form", root)) form.noValidate = true;
  for (const area of $$("[data-counter][maxlength]:not(.counted)", root)) {
    area.classList.add("counted");
    const counter = document.createElement("span");
    counter.className = "counter";
    counter.setAttribute("aria-hidden", "true");
    area.after(counter);
    const count = () => {
      counter.textContent = `${area.value.length.toLocaleString("en")} / ${area.maxLength.toLocaleString("en")}`;
    };
    area.addEventListener("input", count);
    count();
  }
  for (const button of $$("[data-copy]", root)) button.hidden = false;
}
on("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
  } catch {
    complain("The browser did not allow copying.");
    return;
  }
  button.classList.add("done");
  announce("Copied");
  setTimeout(() => button.classList.remove("done"), 1500);
});

/* Start, for each page and for each part that comes later */
function start() {
  initTheme();
  initToasts();
  initDialog();
  initForms(document);
  initSelection();
  $("#form-errors")?.focus();
}
on("htmx:afterSettle", ({ detail }) => {
  initForms(detail.elt);
  if (detail.elt.classList.contains("rows")) initSelection();
});
// The browser keeps ticked boxes and typed filters when one comes Back; they may belong to another page of rows.
addEventListener("pageshow", ({ persisted }) => { if (persisted) initSelection(); });
start();
