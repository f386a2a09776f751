// While somebody types, the session is used: it asks the server for nothing else, at most every five minutes.
// It cannot outlast the eight hours after which everybody signs in again.
const PAUSE = 5 * 60 * 1000;
const place = document.querySelector("[data-stay]");
let asked = Date.now();

document.addEventListener("input", () => {
  if (!place || Date.now() - asked < PAUSE) return;
  asked = Date.now();
  fetch(place.dataset.stay, { redirect: "manual" }).catch(() => {});
});
