// Within the frame: tells its host how high it is, lets a reader stop the live updates, and looks anew when the appeal
// changes state or is taken down. The frame is whole without this file.

const main = document.querySelector("main");
const tell = () => parent.postMessage({ fightingFund: Math.ceil(main.getBoundingClientRect().height) }, "*");
if (parent !== window) {
  tell(); // At once: in a frame that is out of sight no size is observed.
  new ResizeObserver(tell).observe(main);
}

const figures = () => document.querySelector("#figures, #scoreboard");
const pause = document.getElementById("pause");
let isStopped = false;

if (pause) {
  const says = pause.textContent;
  pause.hidden = false;
  pause.addEventListener("click", () => {
    isStopped = !isStopped;
    pause.textContent = isStopped ? pause.dataset.resume : says;
  });
}

document.addEventListener("htmx:config:request", (event) => {
  const request = event.detail.ctx.request;
  if (document.hidden) event.preventDefault();
  request.cache = "no-cache";
  if (origin !== "null") return;
  // Within a sandbox we are a stranger to our own server, and ask as any site may: without headers of our own.
  request.mode = "cors";
  for (const name of Object.keys(request.headers)) if (name.startsWith("HX-")) delete request.headers[name];
});

// Who has stopped the live updates keeps the number, but not an appeal that has changed its state or is taken down.
const state = figures()?.dataset.state;
document.addEventListener("htmx:before:swap", (event) => {
  if (isStopped && event.detail.ctx.text.includes(`data-state="${state}"`)) event.preventDefault();
});
document.addEventListener("htmx:after:swap", () => {
  if (figures()?.dataset.state !== state) location.reload();
});
document.addEventListener("htmx:response:error", (event) => {
  if (event.detail.ctx.response.status === 404) location.reload();
});
