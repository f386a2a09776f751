// In the overlay: says for some seconds when a quarter of the goal has been passed, and looks anew when the appeal
// changes state or is taken down.

const overlay = () => document.getElementById("overlay");
const milestone = document.getElementById("milestone");
const SHOWN_MS = 8000;
const quarter = () => Math.floor(Number(overlay()?.dataset.percent || 0) / 25);
let passed = quarter();
const state = overlay()?.dataset.state;

document.addEventListener("htmx:config:request", (event) => {
  const request = event.detail.ctx.request;
  request.cache = "no-cache";
  if (origin !== "null") return;
  request.mode = "cors"; // Within a sandbox, as in frame.js.
  for (const name of Object.keys(request.headers)) if (name.startsWith("HX-")) delete request.headers[name];
});
document.addEventListener("htmx:after:swap", () => {
  if (overlay()?.dataset.state !== state) return location.reload();
  const now = quarter();
  if (now > passed) celebrate(now * 25);
  passed = now;
  return undefined;
});
document.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx.response.status === 404) location.reload();
});

function celebrate(percent) {
  const written = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(percent / 100);
  milestone.textContent = percent === 100 ? milestone.dataset.goal : `★ ${written}`;
  milestone.hidden = false;
  setTimeout(() => { milestone.hidden = true; }, SHOWN_MS);
}
