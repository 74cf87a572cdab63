// Brings a page up to date when the server has something new. Without it, pages are as they were loaded.
"use strict";
(() => {
  const own = document.currentScript;
  let newest = own.dataset.version, shown = newest, isAsking = false, news = null;

  async function refresh() {
    if (isAsking) return;
    isAsking = true;
    try {
      while (shown !== newest) {
        const asked = newest;
        const answer = await fetch(location.href, {headers: {accept: "text/html"}});
        if (!answer.ok) return;
        show(new DOMParser().parseFromString(await answer.text(), "text/html"));
        shown = asked;
      }
    } catch {
      // The server is gone; the page stays as it was, until news come again.
    } finally {
      isAsking = false;
    }
  }

  function show(fresh) {
    const now = document.querySelector("main"), next = fresh.querySelector("main");
    const isTyping = now.contains(document.activeElement) && document.activeElement.matches("input, select");
    if (!next || isTyping || now.innerHTML === next.innerHTML) return;
    const open = [...now.querySelectorAll("details")].map((each) => each.open);
    now.replaceWith(next);
    [...next.querySelectorAll("details")].forEach((each, i) => { each.open = Boolean(open[i]); });
  }

  // A browser keeps few connections to a server: a page that is not looked at gives its own back.
  function listen() {
    news?.close();
    news = null;
    if (document.hidden) return;
    news = new EventSource(`${own.dataset.root}events`);
    news.onmessage = (event) => { newest = event.data; refresh(); };
  }
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => news?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); });
  listen();
})();
