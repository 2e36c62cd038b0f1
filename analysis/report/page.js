// Replaces the drawing of a figure by plotly's when it comes near the screen. Without JavaScript the drawings stay.
(() => {
  "use strict";
  const figures = document.querySelectorAll("figure[data-plot]");
  if (!figures.length || !("DecompressionStream" in window) || !("IntersectionObserver" in window)) return;

  let library;
  const load = () => (library ??= (async () => {
    const packed = Uint8Array.from(atob(document.getElementById("plotly").textContent), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const script = document.createElement("script");
    script.textContent = await new Response(stream).text();
    document.head.append(script);
  })());

  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const coloured = (value) => {
    const style = getComputedStyle(document.documentElement);
    return JSON.parse(JSON.stringify(value).replace(/var\((--[a-z-]+)\)/g, (_, name) => style.getPropertyValue(name).trim()));
  };
  const faded = (colour) => colour.replace(/^#(..)(..)(..)$/, (_, r, g, b) =>
    `rgba(${parseInt(r, 16)},${parseInt(g, 16)},${parseInt(b, 16)},.16)`);

  const traces = (spec, y) => coloured(spec.traces).map((trace) => {
    const values = spec.zero && y === "log" ? trace.y.map((v) => (v !== null && v <= 0 ? spec.zero : v)) : trace.y;
    const own = { ...trace, y: values, showlegend: false };
    if (trace.fill === "tonexty") own.fillcolor = faded(trace.line.color);
    if (trace.hoverinfo !== "skip" && !trace.hovertemplate) {
      own.customdata = trace.y;
      own.hovertemplate = "%{customdata:.4~g}<extra>" + trace.name.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`) + "</extra>";
    }
    return own;
  });

  // ticks of a logarithmic axis: 1, 2, 5 within two decades, powers of ten beyond
  const most = (spec, name) => {
    const values = spec.traces.flatMap((trace) => trace[name]).filter((value) => value > 0);
    const [low, high] = values.reduce(([low, high], v) => [Math.min(low, v), Math.max(high, v)], [Infinity, 0]);
    return Math.max(3, Math.ceil(Math.log10(high / low)));
  };

  // ticks of a logarithmic axis on which zero stands half a step under the first power of ten
  const fromZero = (zero) => {
    const first = Math.round(Math.log10(2 * zero));
    const powers = Array.from({ length: 12 }, (_, step) => 10 ** (first + step));
    return { tickmode: "array", tickvals: [zero, ...powers], ticktext: ["0", ...powers.map((value) => +value.toPrecision(3))] };
  };

  const layout = (spec, types) => {
    const axis = (name) => ({
      gridcolor: "var(--grid)", linecolor: "var(--ink)", zeroline: false, automargin: true,
      exponentformat: "power", ...spec.layout[name + "axis"],
      ...(types[name] ? { type: types[name] } : {}),
      ...(types[name] === "log" ? { tickformat: ",~g", nticks: most(spec, name) } : {}),
      ...(name === "y" && spec.zero && types.y === "log" ? fromZero(spec.zero) : {}),
    });
    return coloured({
      hovermode: "x unified", margin: { l: 56, r: 12, t: 30, b: 44 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: "inherit", size: 13, color: "var(--ink)" },
      hoverlabel: { bgcolor: "var(--card)", font: { color: "var(--ink)" } },
      ...spec.layout, xaxis: axis("x"), yaxis: axis("y"), modebar: { bgcolor: "rgba(0,0,0,0)", color: "var(--muted)", activecolor: "var(--ink)" },
    });
  };

  // The buttons are listed, not taken away from plotly's own, since some of its releases have one that uploads the chart.
  const buttons = [["toImage"], ["zoom2d", "pan2d"], ["zoomIn2d", "zoomOut2d", "resetScale2d"]];

  const start = async (figure) => {
    const spec = JSON.parse(document.getElementById(figure.dataset.plot).textContent);
    await load();
    const chart = figure.querySelector(".chart");
    const types = { x: spec.layout.xaxis?.type, y: spec.layout.yaxis?.type };
    const hidden = new Set();
    const draw = () => Plotly.react(chart, traces(spec, types.y).map((trace, place) =>
      ({ ...trace, visible: !hidden.has(place) })), layout(spec, types), { responsive: true, displaylogo: false,
      modeBarButtons: buttons, showSendToCloud: false, plotlyServerURL: "", ...(calm.matches ? { doubleClickDelay: 300 } : {}) });
    figure.classList.add("live");
    await draw();
    figure.addEventListener("change", ({ target }) => {
      if (target.dataset.axis) types[target.dataset.axis] = target.checked ? "log" : "linear";
      for (const place of (target.dataset.traces ?? "").split(",").filter(Boolean).map(Number)) {
        if (target.checked) hidden.delete(place); else hidden.add(place);
      }
      draw();
    });
    scheme.addEventListener("change", draw);
  };

  const seen = new IntersectionObserver((entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
    seen.unobserve(entry.target);
    start(entry.target).catch((error) => { entry.target.classList.remove("live"); console.error(error); });
  }), { rootMargin: "300px" });
  figures.forEach((figure) => seen.observe(figure));
})();
