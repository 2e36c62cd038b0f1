/* Names the window in each request, offers runs that have appeared since, and says when the session has ended. */
(() => {
  const stock = window.fetch.bind(window), name = Math.random().toString(36).slice(2);
  window.fetch = (url, options = {}) => {
    const headers = new Headers(options.headers || (url instanceof Request ? url.headers : {}));
    headers.set("X-Encave-Window", name);
    return stock(url, {...options, headers});
  };
  const address = "/encave-news";
  const tell = (words, kind) => {
    let bar = document.getElementById("encave-news");
    if (!bar) {
      bar = document.createElement("div");
      bar.id = "encave-news";
      bar.style.cssText = "position: fixed; bottom: 0; right: 1rem; z-index: 2000";
      document.body.appendChild(bar);
    }
    bar.className = `alert alert-${kind}`;
    bar.textContent = words;
    return bar;
  };
  const show = (names) => {
    if (!names.length) { document.getElementById("encave-news")?.remove(); return; }
    const listed = names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "");
    const bar = tell(`${names.length} new run${names.length > 1 ? "s" : ""}: ${listed} `, "info");
    const button = document.createElement("button");
    button.className = "btn btn-primary btn-sm";
    button.textContent = "Add and reload";
    button.onclick = async () => { await fetch(address, {method: "POST"}); location.reload(); };
    bar.appendChild(button);
  };
  const ended = "This session has ended, and the page no longer answers. Start encave open again.";
  const ask = async () => {
    try { show(await (await fetch(address)).json()); } catch { tell(ended, "danger"); }
  };
  setInterval(ask, 5000);
  ask();
})();
