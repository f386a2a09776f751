// Turns every <a data-fighting-fund="name"> and <fighting-fund appeal="name"> of the page into a live frame of it.
// Loads nothing from anybody else, keeps nothing. Until a frame has said that it is there the link stays as it was, so
// that a blocked frame or script costs the page nothing.
(() => {
  if (customElements.get("fighting-fund")) return;
  const script = document.currentScript || document.querySelector('script[src*="/embed.js"]');
  const home = new URL(script.src).origin;
  const words = ["size", "theme", "accent", "lang", "button"];
  const views = { scoreboard: "/scoreboard" };
  const frames = new Map();

  addEventListener("message", (event) => {
    const height = event.data && event.data.fightingFund;
    if (!Number.isFinite(height) || height < 1 || height > 5000) return;
    for (const [frame, link] of frames) {
      if (event.source !== frame.contentWindow) continue;
      Object.assign(frame.style, { height: `${height}px`, visibility: "", position: "" });
      link.style.display = "none";
    }
  });

  function show(link, slug, asked, into) {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug || "") || link.fightingFund) return;
    link.fightingFund = true;
    const given = words.filter((word) => asked(word)).map((word) => [word, asked(word)]);
    const query = new URLSearchParams(given).toString();
    const frame = document.createElement("iframe");
    frame.src = `${home}/embed/${slug}${views[asked("view")] || ""}${query && `?${query}`}`;
    frame.title = link.textContent.trim() || slug;
    frame.referrerPolicy = "origin";
    Object.assign(frame.style, {
      display: "block", width: "100%", maxWidth: asked("width") || "40rem", height: "1px", border: "0",
      visibility: "hidden", position: "absolute", colorScheme: "auto",
    });
    frames.set(frame, link);
    into(frame);
  }

  function upgrade(link) {
    show(link, link.dataset.fightingFund, (word) => link.dataset[word], (frame) => link.after(frame));
  }

  customElements.define("fighting-fund", class extends HTMLElement {
    connectedCallback() {
      // Its children are not parsed yet where the script came first; they are what stays if the frame is blocked.
      setTimeout(() => {
        const inner = document.createElement("span");
        inner.append(...this.childNodes);
        this.append(inner);
        show(inner, this.getAttribute("appeal"), (word) => this.getAttribute(word), (frame) => this.append(frame));
      });
    }
  });

  const all = () => document.querySelectorAll("a[data-fighting-fund]").forEach(upgrade);
  all();
  new MutationObserver(all).observe(document.documentElement, { childList: true, subtree: true });
})();
