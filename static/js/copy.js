// A button beside each piece of text that puts it on the clipboard. Without this file people select the text and copy
// it by hand.

function prepare(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy][hidden]")) {
    button.hidden = false;
    const says = button.textContent;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
      button.textContent = button.dataset.done;
      setTimeout(() => { button.textContent = says; }, 2000);
    });
  }
}

prepare(document);
document.addEventListener("htmx:after:swap", () => prepare(document));
