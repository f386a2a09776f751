// What saves a hand from the mouse when bank lines are reviewed: j and k go from line to line, Enter says yes to the
// first proposal, or opens a line that has none. The page is whole without this file.

const lines = [...document.querySelectorAll("#lines .line")];

function go(step) {
  const at = lines.findIndex((line) => line.contains(document.activeElement));
  const next = lines[at < 0 ? (step > 0 ? 0 : lines.length - 1) : at + step];
  if (!next) return;
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function isTyping(target) {
  return target.closest("input, select, textarea, button, a, summary") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || !lines.length) return;
  if (event.target.closest("input, select, textarea")) return;
  if (event.key === "j") go(1);
  else if (event.key === "k") go(-1);
  else if (event.key === "Enter" && !isTyping(event.target)) {
    const line = document.activeElement.closest("#lines .line");
    line?.querySelector("button[value=accept], .by-hand a")?.click();
  } else return;
  event.preventDefault();
});

for (const keys of document.querySelectorAll(".keys")) keys.hidden = false;
// Whoever has just answered goes on with the line that is now first. Only when the browser has gone to the place in the
// address, which takes the focus away from wherever it was.
const afterwards = (act) => requestAnimationFrame(() => requestAnimationFrame(act));
if (location.hash === "#lines") addEventListener("load", () => afterwards(() => lines[0]?.focus()));
