// On a page that names an appeal and has no live total, or that would name one if it were shown: asks as often as a
// live total does whether the public may see it, and looks anew when that has changed. While nobody answers, it stays.
// `ask`: whom to ask, by default this page's own address. `mark`: what is answered as long as all is as it was; without
// it, the answer's status counts, and `shown` says that the appeal is shown now. `then`: where to look anew.

const { ask = location.href, mark, shown, then = location.pathname + location.search, every = 10 } =
  document.currentScript.dataset;

async function hasChanged() {
  const answer = await fetch(ask, { cache: "no-cache" });
  if (mark !== undefined) return answer.ok && (await answer.text()) !== mark;
  return shown === undefined ? answer.ok : answer.status === 404;
}

setInterval(async () => {
  // By a fresh question: this page may be the answer to a form, which is not sent twice.
  if (!document.hidden && (await hasChanged().catch(() => false))) location.replace(then);
}, Number(every) * 1000);
