// The step before a payment page: loads the proof of work, shows how it goes, and sends the form by itself once it is
// solved and it is this visitor's turn. Where the browser cannot, the page says how long to wait.

const form = document.querySelector("#step-up form");
const proof = document.getElementById("proof");
const byHand = document.getElementById("by-hand");
const status = form.querySelector("[data-wait]");
const turnAt = Date.now() + Number(form.dataset.seconds) * 1000;
let isProved = !proof;
let isSent = false;

function goOn() {
  const left = Math.ceil((turnAt - Date.now()) / 1000);
  if (status && left > 0) status.textContent = status.dataset.wait.replace("{seconds}", left);
  if (isProved && left <= 0 && !isSent) {
    isSent = true;
    form.requestSubmit();
  } else if (!isSent) {
    setTimeout(goOn, 500);
  }
}

function waitInstead() {
  proof?.remove();
  byHand.hidden = false;
}

async function prove() {
  const { challenge, widget, worker, label, verifying, verified, failed } = proof.dataset;
  await import(widget);
  $altcha.algorithms.set("PBKDF2/SHA-256", () => new Worker(worker));
  const language = document.documentElement.lang;
  const words = { label, verifying, verified, error: failed, expired: failed, waitAlert: verifying };
  $altcha.i18n.set(language, { ...$altcha.i18n.get("en"), ...words });
  const element = document.createElement("altcha-widget");
  element.addEventListener("statechange", ({ detail }) => {
    isProved = detail.state === "verified";
    if (detail.state === "error" || detail.state === "expired") waitInstead();
  });
  const settings = { hideFooter: true, hideLogo: true, humanInteractionSignature: false, minDuration: 0 };
  const workers = Math.min(navigator.hardwareConcurrency || 2, 4);
  const attributes = { challenge, language, workers, auto: "onload", configuration: JSON.stringify(settings) };
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  proof.append(element);
}

if (proof) {
  const canProve = globalThis.isSecureContext && globalThis.Worker;
  if (canProve) prove().catch(waitInstead);
  else waitInstead();
}
// Back from the payment page the browser may show this one as it was left.
addEventListener("pageshow", (event) => { if (event.persisted) isSent = false; });
goOn();
