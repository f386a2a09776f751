// What saves a click on an appeal's page: proposed amounts fill the field, the live total can be stopped, what hangs on
// the total moves with it, and the form is sent once. The page is whole without this file.

const amount = document.getElementById("amount");
const currency = document.getElementById("currency");
const proposals = [...document.querySelectorAll("[data-amount]")].map(asButton);

function asButton(link) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = link.textContent;
  Object.assign(button.dataset, link.dataset);
  button.addEventListener("click", () => {
    amount.value = button.dataset.amount;
    currency.value = button.dataset.currency;
    markChosen();
  });
  button.addEventListener("keydown", walk);
  link.replaceWith(button);
  return button;
}

// The proposals are one stop of the Tab key; the arrows go from one to the next.
function walk(event) {
  const onwards = getComputedStyle(event.target).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  const back = onwards === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
  const step = { [onwards]: 1, ArrowDown: 1, [back]: -1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = proposals[(proposals.indexOf(event.target) + step + proposals.length) % proposals.length];
  makeStop(next);
  next.focus();
}

function makeStop(one) {
  for (const button of proposals) button.tabIndex = button === one ? 0 : -1;
}

function markChosen() {
  let stop = proposals[0];
  for (const button of proposals) {
    const chosen = button.dataset.amount === amount.value.trim() && button.dataset.currency === currency.value;
    button.setAttribute("aria-pressed", String(chosen));
    if (chosen) stop = button;
  }
  makeStop(stop);
}

if (amount) {
  amount.addEventListener("input", markChosen);
  currency.addEventListener("change", markChosen);
  markChosen();
  const form = amount.form;
  const send = form.querySelector("button[type=submit]");
  form.addEventListener("submit", () => setTimeout(() => { if (send) send.disabled = true; }));
  // Back from the next page the browser may show this one as it was left.
  addEventListener("pageshow", () => { if (send) send.disabled = false; markChosen(); });
}

const errors = document.getElementById("errors");
if (errors) errors.focus();

const pause = document.getElementById("pause");
const paused = document.getElementById("paused");
const total = () => document.getElementById("total");
const mayMove = () => total()?.dataset.state !== "closed";
let isStopped = false;

document.addEventListener("htmx:config:request", (event) => {
  if (event.target.id !== "total") return;
  if (document.hidden) event.preventDefault();
  // Caches on the way may answer with the number of some seconds ago; the browser's own must not add to that.
  event.detail.ctx.request.cache = "no-cache";
});

if (pause) {
  const says = pause.textContent;
  pause.hidden = !mayMove();
  pause.addEventListener("click", () => {
    isStopped = !isStopped;
    pause.textContent = isStopped ? pause.dataset.resume : says;
    paused.hidden = !isStopped;
  });
}

let figures = total()?.textContent;
let state = total()?.dataset.state;

// Who has stopped the live updates keeps the number, but not an appeal that has changed its state.
document.addEventListener("htmx:before:swap", (event) => {
  const { sourceElement, text } = event.detail.ctx;
  if (sourceElement?.id === "total" && isStopped && text.includes(`data-state="${state}"`)) event.preventDefault();
});

// The appeal has been taken down: nothing of it stays, whatever has been typed. The address shows what is left of it.
document.addEventListener("htmx:response:error", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  if (sourceElement?.id !== "total" || response.status !== 404) return;
  location.replace(new URL(sourceElement.getAttribute("hx-get"), location.href).pathname.replace(/\/total$/, ""));
});

document.addEventListener("htmx:after:swap", () => {
  const now = total();
  if (!now || (now.textContent === figures && now.dataset.state === state)) return;
  figures = now.textContent;
  if (pause) pause.hidden = !mayMove();
  document.getElementById("funds")?.dispatchEvent(new Event("moved"));
  if (!now.querySelector("strong")) document.querySelectorAll("#areas .sum").forEach((sum) => sum.remove());
  if (now.dataset.state !== state) takeNoGifts(now.dataset.state);
  state = now.dataset.state;
});

// The appeal has stopped taking gifts, or takes them again: an untouched page is fetched anew, but words that somebody
// has typed are never taken away.
function takeNoGifts(nowState) {
  const words = "#give input:not([type=hidden], [type=radio], [type=checkbox]), #give textarea";
  const isTyped = [...document.querySelectorAll(words)].some((field) => field.value);
  if (!isTyped) return location.reload();
  const note = document.getElementById("ended-note");
  if (nowState === "open" || !note) return undefined;
  document.querySelector("#give button[type=submit]")?.replaceWith(note.content.cloneNode(true));
  document.querySelector("#give .after")?.remove();
  return undefined;
}
