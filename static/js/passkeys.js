// Passkeys, for forms that have a button for them: asks our server what to ask, asks the browser, sends its answer in
// the form. Without this script the button stays hidden and codes do the same.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const listed = (known) => (known || []).map((each) => ({ ...each, id: bytes(each.id) }));

async function options(form) {
  const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
  const answer = await fetch(form.dataset.options, { method: "POST", body });
  if (!answer.ok || answer.redirected) throw new Error(answer.status);
  const asked = await answer.json();
  return { ...asked, challenge: bytes(asked.challenge) };
}

async function make(form) {
  const asked = await options(form);
  const user = { ...asked.user, id: bytes(asked.user.id) };
  const publicKey = { ...asked, user, excludeCredentials: listed(asked.excludeCredentials) };
  const made = await navigator.credentials.create({ publicKey });
  const { clientDataJSON, attestationObject } = made.response;
  return said(made, { clientDataJSON: text(clientDataJSON), attestationObject: text(attestationObject) });
}

async function use(form) {
  const asked = await options(form);
  const publicKey = { ...asked, allowCredentials: listed(asked.allowCredentials) };
  const used = await navigator.credentials.get({ publicKey });
  const { clientDataJSON, authenticatorData, signature } = used.response;
  return said(used, {
    clientDataJSON: text(clientDataJSON), authenticatorData: text(authenticatorData), signature: text(signature),
  });
}

const said = (credential, response) =>
  JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });

for (const button of document.querySelectorAll("[data-passkey]")) {
  if (!window.PublicKeyCredential) continue;
  const form = button.form;
  button.closest("[hidden]").hidden = false;
  button.addEventListener("click", async () => {
    const failed = form.querySelector("[data-failed]");
    failed.hidden = true;
    try {
      form.elements.credential.value = await (button.dataset.passkey === "make" ? make : use)(form);
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
}
