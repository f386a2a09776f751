// Where there is no appeal to show, in a frame or an overlay: asks as often as a shown one does, and shows it again when
// it is back. While nobody answers, this page stays.

const every = Number(document.documentElement.dataset.every) * 1000;
setInterval(async () => {
  if (document.hidden) return;
  const answer = await fetch(location.href, { cache: "no-cache" }).catch(() => null);
  if (answer?.ok) location.reload();
}, every);
