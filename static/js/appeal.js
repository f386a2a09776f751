// What saves a click on an appeal's page: proposed amounts fill the field, the live total can be paused, and the form is
// sent once. The page is whole without this file.

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
  link.replaceWith(button);
  return button;
}

function markChosen() {
  for (const button of proposals) {
    const chosen = button.dataset.amount === amount.value.trim() && button.dataset.currency === currency.value;
    button.setAttribute("aria-pressed", String(chosen));
  }
}

if (amount) {
  amount.addEventListener("input", markChosen);
  currency.addEventListener("change", markChosen);
  markChosen();
  const form = amount.form;
  const send = form.querySelector("button[type=submit]");
  form.addEventListener("submit", () => setTimeout(() => { if (send) send.disabled = true; }));
  // Back from Stripe's page the browser may show this one as it was left.
  addEventListener("pageshow", () => { if (send) send.disabled = false; });
}

const errors = document.getElementById("errors");
if (errors) errors.focus();

const pause = document.getElementById("pause");
const paused = document.getElementById("paused");
const isPolling = () => document.getElementById("total")?.hasAttribute("hx-get") ?? false;

const rests = () => pause?.getAttribute("aria-pressed") === "true" || document.hidden;

document.addEventListener("htmx:config:request", (event) => {
  if (event.target.id !== "total") return;
  if (rests()) event.preventDefault();
  // Caches on the way may answer with the number of some seconds ago; the browser's own must not add to that.
  event.detail.ctx.request.cache = "no-cache";
});

if (pause) {
  pause.hidden = !isPolling();
  pause.addEventListener("click", () => {
    const stops = pause.getAttribute("aria-pressed") !== "true";
    pause.setAttribute("aria-pressed", String(stops));
    paused.hidden = !stops;
  });
  document.addEventListener("htmx:after:swap", () => {
    pause.hidden = !isPolling();
  });
}
