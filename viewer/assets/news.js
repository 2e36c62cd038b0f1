/* Offers runs that have appeared since the page was opened. */
(() => {
  const address = "/encave-news";
  const show = (names) => {
    let bar = document.getElementById("encave-news");
    if (!names.length) { if (bar) bar.remove(); return; }
    if (!bar) {
      bar = document.createElement("div");
      bar.id = "encave-news";
      bar.className = "alert alert-info";
      bar.style.cssText = "position: fixed; bottom: 0; right: 1rem; z-index: 2000";
      document.body.appendChild(bar);
    }
    const listed = names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");
    bar.textContent = `${names.length} new run${names.length > 1 ? "s" : ""}: ${listed} `;
    const button = document.createElement("button");
    button.className = "btn btn-primary btn-sm";
    button.textContent = "Add and reload";
    button.onclick = async () => { await fetch(address, {method: "POST"}); location.reload(); };
    bar.appendChild(button);
  };
  const ask = async () => {
    try { show(await (await fetch(address)).json()); } catch { /* the session has ended */ }
  };
  setInterval(ask, 5000);
  ask();
})();
