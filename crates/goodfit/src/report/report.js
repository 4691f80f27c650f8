"use strict";
// Draws the figures of the page by ECharts. Text of the results only ever becomes text nodes.
(() => {
  const root = document.documentElement;
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const views = [];
  root.classList.add("js");

  function element(name, attributes = {}, ...children) {
    const out = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) out.addEventListener(key.slice(2), value);
      else out.setAttribute(key, value);
    }
    out.append(...children);
    return out;
  }

  // Theme.
  const darkByDefault = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme || (darkByDefault.matches ? "dark" : "light")) === "dark";
  const colour = (key) => (isDark() ? key.colour.dark : key.colour.light);
  const css = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const themeButton = document.getElementById("theme");
  function themeChanged() {
    themeButton.textContent = isDark() ? "light" : "dark";
    themeButton.setAttribute("aria-label", `switch to ${themeButton.textContent} colours`);
    views.forEach((view) => view.redraw());
  }
  themeButton.hidden = false;
  themeButton.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    themeChanged();
  });
  darkByDefault.addEventListener("change", themeChanged);

  // Numbers.
  const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  const power = (exponent) =>
    "10" + String(exponent).replace(/-/, "⁻").replace(/\d/g, (digit) => superscripts[digit]);
  function number(value, digits = 4) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "not finite";
    if (value === 0) return "0";
    const size = Math.abs(value);
    if (size >= 1e-4 && size < 1e7) {
      return Number(value.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: digits }).replace("-", "−");
    }
    const [mantissa, exponent] = value.toExponential(2).split("e");
    const short = String(Number(mantissa)).replace("-", "−");
    return short === "1" ? power(Number(exponent)) : `${short}×${power(Number(exponent))}`;
  }
  const axisText = (axis) => (axis.unit ? `${axis.label} (${axis.unit})` : axis.label);
  const sameAxis = (panels, axis) => panels.every((panel) => axisText(panel[axis]) === axisText(panels[0][axis]));

  // One panel as an option of ECharts.
  function option(view, panel, large) {
    const { figure, hidden, zoom, logarithmic } = view;
    const small = figure.columns > 2 && !large;
    const quiet = css("--quiet");
    const axis = (which) => {
      const source = panel[which];
      const log = source.scale === "log" || (which === "y" && logarithmic);
      let [min, max] = source.range;
      if (log && source.scale !== "log") [min, max] = positiveRange(panel, source.range);
      if (zoom && zoom[which]) [min, max] = zoom[which];
      return {
        type: log ? "log" : "value", min, max, name: small ? "" : axisText(source), nameLocation: "middle",
        nameGap: which === "x" ? 28 : 44, nameTextStyle: { color: css("--text"), fontSize: 13 },
        splitNumber: small ? 4 : 6, splitLine: { lineStyle: { color: css("--grid") } },
        axisLine: { show: true, lineStyle: { color: css("--frame") } }, axisTick: { show: true, lineStyle: { color: css("--frame") } },
        axisLabel: {
          color: quiet, fontSize: small ? 10.5 : 12, hideOverlap: true, showMinLabel: zoom ? false : null, showMaxLabel: zoom ? false : null,
          formatter: (value) => number(value, 3),
        },
      };
    };
    const series = [];
    for (const item of panel.series) {
      if (!hidden.has(item.key)) series.push(...drawn(view, item, small, series.length));
    }
    const kinds = new Set(panel.series.map((item) => Object.keys(item.shape)[0]));
    return {
      animation: false, backgroundColor: "transparent", textStyle: { fontFamily: "inherit" },
      aria: { enabled: true, label: { description: `${view.figure.title}. ${panel.title}` } },
      grid: { left: small ? 36 : 62, right: small ? 8 : 14, top: 8, bottom: small ? 22 : 44 },
      xAxis: axis("x"), yAxis: axis("y"), series,
      tooltip: {
        trigger: kinds.has("line") && kinds.size === 1 ? "axis" : "item", confine: !small, appendTo: small ? document.body : undefined,
        backgroundColor: css("--page"), borderColor: css("--line"), padding: [8, 12], transitionDuration: 0,
        textStyle: { color: css("--text"), fontSize: 12.5 }, axisPointer: { lineStyle: { color: css("--frame") } },
        formatter: (parameters) => tip(view, panel, parameters),
      },
    };
  }

  function positiveRange(panel, range) {
    const values = panel.series.flatMap((item) => (item.shape.line ? item.shape.line.y : [])).filter((y) => y > 0);
    const low = values.reduce((a, b) => Math.min(a, b), range[1]);
    return [low / 1.2, range[1]];
  }

  function drawn(view, item, small, index) {
    const key = view.figure.legend[item.key];
    const ink = colour(key);
    const common = { id: `${index}-${item.key}`, name: String(item.key), clip: true };
    const { line, points, histogram } = item.shape;
    const crowded = view.figure.legend.length > 8;
    const width = small || crowded ? 1.5 : 2;
    const out = [];
    if (line) {
      if (line.band) {
        out.push({
          ...common, id: `${common.id}-band`, type: "custom", silent: true, z: 1, data: [[0, 0]], renderItem: (_, api) => polygon(api, line, ink),
        });
      }
      const single = line.x.length === 1;
      out.push({
        ...common, type: "line", z: 2, showSymbol: single, symbolSize: 6, data: line.x.map((x, i) => [x, line.y[i]]),
        lineStyle: { color: ink, width, type: key.dash.length ? key.dash : "solid" }, itemStyle: { color: ink },
        emphasis: { lineStyle: { width: width + 1 } }, blur: { lineStyle: { opacity: 0.15 } },
      });
      if (line.cross) {
        out.push({
          ...common, id: `${common.id}-cross`, type: "scatter", silent: true, z: 3, data: [line.cross], symbolSize: 9,
          symbol: "path://M0 2 2 0 10 8 8 10Z M10 2 8 0 0 8 2 10Z", itemStyle: { color: ink },
        });
      }
    } else if (points) {
      const size = points.x.length > 2000 ? 3 : points.x.length > 200 ? 5 : 8;
      out.push({
        ...common, type: "scatter", z: key.marker === "diamond" ? 4 : 2, symbolSize: key.marker === "diamond" ? size + 4 : size,
        symbol: key.marker === "cross" ? "path://M0 2 2 0 10 8 8 10Z M10 2 8 0 0 8 2 10Z" : key.marker,
        data: points.x.map((x, i) => [x, points.y[i], i]), itemStyle: { color: ink, opacity: points.x.length > 2000 ? 0.35 : 0.75 },
      });
    } else if (histogram) {
      out.push({
        ...common, type: "custom", z: 2, data: histogram.heights.map((height, i) => [histogram.edges[i], histogram.edges[i + 1], height]),
        encode: { x: [0, 1], y: 2 }, itemStyle: { color: ink }, emphasis: { itemStyle: { opacity: 0.7 } },
        renderItem: (_, api) => {
          const [left, top] = api.coord([api.value(0), api.value(2)]);
          const [right, bottom] = api.coord([api.value(1), 0]);
          const gap = Math.min(0.7, 0.08 * (right - left));
          const shape = { x: left + gap, y: top, width: Math.max(right - left - 2 * gap, 0.5), height: bottom - top };
          return { type: "rect", shape, style: { fill: ink }, emphasis: { style: { fill: ink, opacity: 0.7 } } };
        },
      });
    }
    return out;
  }

  // The band of a line; where a value is missing the band has a gap.
  function polygon(api, line, ink) {
    const children = [];
    let upper = [];
    let lower = [];
    const close = () => {
      if (upper.length > 1) {
        children.push({ type: "polygon", shape: { points: upper.concat(lower.reverse()) }, style: { fill: ink, opacity: 0.18 } });
      }
      upper = [];
      lower = [];
    };
    line.x.forEach((x, i) => {
      const [low, high] = [line.band.low[i], line.band.high[i]];
      const [a, b] = [api.coord([x, low]), api.coord([x, high])];
      if (low === null || high === null || !Number.isFinite(a[1] + b[1])) close();
      else {
        upper.push(b);
        lower.push(a);
      }
    });
    close();
    return { type: "group", children };
  }

  // What is shown at the pointer.
  function tip(view, panel, parameters) {
    const list = Array.isArray(parameters) ? parameters : [parameters];
    const out = element("div", { class: "tip" });
    const row = (key, text, value, extra) => {
      const square = element("i");
      square.style.background = colour(view.figure.legend[key]);
      const parts = [square, element("span", {}, text), element("b", {}, value)];
      if (extra) parts.push(element("em", {}, extra));
      out.append(element("div", {}, ...parts));
    };
    const of = (key, kind) => panel.series.find((item) => item.key === key && item.shape[kind]);
    const lines = list.filter((parameter) => parameter.seriesType === "line");
    if (lines.length) {
      out.append(element("b", {}, `${panel.x.label} ${number(lines[0].value[0], 6)}`));
      const most = 14;
      lines.slice(0, most).forEach((parameter) => {
        const key = Number(parameter.seriesName);
        const item = of(key, "line");
        const band = item.shape.line.band;
        const i = parameter.dataIndex;
        const extra = band && band.low[i] !== null ? `${number(band.low[i])} to ${number(band.high[i])}` : "";
        row(key, [view.figure.legend[key].label, item.note].filter(Boolean).join(", "), number(parameter.value[1]), extra);
      });
      if (lines.length > most) out.append(element("em", {}, `and ${lines.length - most} more; switch some off to see them`));
      return out;
    }
    const parameter = list[0];
    const key = Number(parameter.seriesName);
    if (parameter.seriesType === "scatter") {
      const { x, y, labels } = of(key, "points").shape.points;
      const i = parameter.value[2];
      out.append(element("b", {}, labels[i] || ""));
      row(key, panel.x.label, number(x[i]));
      if (y[i] !== null) row(key, panel.y.label, number(y[i]));
    } else {
      const [low, high, height] = parameter.value;
      out.append(element("b", {}, `${number(low)} to ${number(high)}`));
      row(key, panel.y.label, number(height));
    }
    return out;
  }

  // Zoom: a box drawn with the mouse; all panels of the figure follow.
  function zoomable(view, chart, place) {
    const surface = chart.getZr();
    let start = null;
    let box = null;
    const end = () => {
      if (box) box.remove();
      box = null;
      start = null;
    };
    surface.on("mousedown", (event) => {
      if (event.event.button === 0 && !event.event.zrByTouch && chart.containPixel("grid", [event.offsetX, event.offsetY])) {
        start = [event.offsetX, event.offsetY];
      }
    });
    surface.on("mousemove", (event) => {
      if (!start) return;
      if (!box) {
        box = element("div", { class: "box" });
        place.append(box);
      }
      box.style.left = `${Math.min(start[0], event.offsetX)}px`;
      box.style.top = `${Math.min(start[1], event.offsetY)}px`;
      box.style.width = `${Math.abs(start[0] - event.offsetX)}px`;
      box.style.height = `${Math.abs(start[1] - event.offsetY)}px`;
    });
    surface.on("mouseup", (event) => {
      if (start && box) {
        const a = chart.convertFromPixel("grid", start);
        const b = chart.convertFromPixel("grid", [event.offsetX, event.offsetY]);
        const wide = Math.abs(start[0] - event.offsetX) > 8;
        const high = Math.abs(start[1] - event.offsetY) > 8;
        const ordered = (i) => [Math.min(a[i], b[i]), Math.max(a[i], b[i])];
        if (wide || high) {
          const before = view.zoom || {};
          view.setZoom({ x: wide ? ordered(0) : before.x, y: high ? ordered(1) : before.y });
        }
      }
      end();
    });
    surface.on("globalout", end);
    surface.on("dblclick", () => view.setZoom(null));
  }

  function build(holder, figure) {
    const live = holder.querySelector(".live");
    const view = { figure, hidden: new Set(), zoom: null, logarithmic: false, charts: [], keys: [] };
    views.push(view);
    view.redraw = () => {
      view.charts.forEach(({ chart, panel, large }) => chart.setOption(option(view, panel, large), { replaceMerge: ["series"] }));
      view.keys.forEach(({ button, key }) => {
        button.setAttribute("aria-pressed", String(!view.hidden.has(key)));
        button.querySelectorAll("[data-ink]").forEach((shape) => shape.setAttribute(shape.dataset.ink, colour(figure.legend[key])));
      });
      reset.hidden = !view.zoom;
    };
    view.setZoom = (zoom) => {
      view.zoom = zoom;
      view.redraw();
    };
    view.add = (place, panel, large) => {
      const chart = echarts.init(place, null, { renderer: "canvas" });
      const entry = { chart, panel, large };
      view.charts.push(entry);
      chart.setOption(option(view, panel, large));
      if (!panel.series.some((item) => item.shape.histogram)) zoomable(view, chart, place.parentElement);
      sizes.observe(place);
      place.dataset.chart = "drawn";
      return entry;
    };

    const reset = element("button", { type: "button", hidden: "", onclick: () => view.setZoom(null) }, "reset zoom");
    const actions = element("div", { class: "actions" }, reset);
    const keys = element("div", { class: "keys" });
    const named = figure.legend.map((key, i) => [key, i]).filter(([key]) => key.label);
    if (named.length > 1) {
      named.forEach(([key, i]) => keys.append(keyButton(view, key, i)));
    }
    if (named.length > 8) {
      const filter = element("input", { type: "search", placeholder: "filter", "aria-label": "filter the legend" });
      filter.addEventListener("input", () => {
        view.keys.forEach(({ button, key }) => {
          button.hidden = !figure.legend[key].label.toLowerCase().includes(filter.value.toLowerCase());
        });
      });
      const set = (on) => () => {
        view.keys.filter(({ button }) => !button.hidden).forEach(({ key }) => (on ? view.hidden.delete(key) : view.hidden.add(key)));
        view.redraw();
      };
      actions.prepend(filter, element("button", { type: "button", onclick: set(true) }, "all"), element("button", { type: "button", onclick: set(false) }, "none"));
    }
    const linear = figure.panels.some((panel) => panel.y.scale === "linear" && panel.y.unit !== "share of rows" && panel.series.some((item) => item.shape.line));
    if (linear && figure.panels.every((panel) => panel.series.every((item) => item.shape.line))) {
      const button = element("button", { type: "button", "aria-pressed": "false" }, "log scale");
      button.addEventListener("click", () => {
        view.logarithmic = !view.logarithmic;
        button.setAttribute("aria-pressed", String(view.logarithmic));
        view.setZoom(null);
      });
      actions.append(button);
    }
    actions.append(
      element("button", { type: "button", onclick: () => save(holder, figure, "svg") }, "SVG"),
      element("button", { type: "button", onclick: () => save(holder, figure, "png") }, "PNG"),
    );
    live.append(element("div", { class: "tools" }, keys, actions));
    if (figure.columns > 2 && figure.panels.length && sameAxis(figure.panels, "x") && sameAxis(figure.panels, "y")) {
      live.append(element("p", { class: "axes" }, `${axisText(figure.panels[0].y)} over ${axisText(figure.panels[0].x)}`));
    }

    const width = { 1: 2000, 2: 380, 3: 290, 4: 225 }[figure.columns] || 168;
    const height = { 1: 380, 2: 310, 3: 230, 4: 185 }[figure.columns] || 150;
    const panels = element("div", { class: "panels" });
    panels.style.gridTemplateColumns = `repeat(auto-fill, minmax(min(100%, ${width}px), 1fr))`;
    panels.style.setProperty("--height", `${height}px`);
    for (const panel of figure.panels) {
      const place = element("div", { class: "chart" });
      const head = element("header", {}, element("b", { title: panel.title }, panel.title));
      if (panel.note) head.append(element("small", {}, panel.note.replace("\n", ", ")));
      if (figure.panels.length > 1) {
        head.append(element("button", { type: "button", title: "enlarge", "aria-label": `enlarge ${panel.title}`, onclick: () => enlarge(view, panel) }, "⤢"));
      }
      const parts = panel.title || panel.note || figure.panels.length > 1 ? [head, place] : [place];
      panels.append(element("div", { class: "panel" }, ...parts));
      waiting.push({ place, draw: () => view.add(wrap(place), panel, false) });
    }
    live.append(panels);
    view.redraw();
  }

  // The box of a zoom is placed against the chart, not against the panel's title.
  function wrap(place) {
    const inner = element("div");
    inner.style.cssText = "position:absolute;inset:0";
    place.style.position = "relative";
    place.append(inner);
    return inner;
  }

  function keyButton(view, key, i) {
    const shapes = view.figure.panels.flatMap((panel) => panel.series).find((item) => item.key === i);
    const kind = shapes ? Object.keys(shapes.shape)[0] : "line";
    const space = "http://www.w3.org/2000/svg";
    const sample = document.createElementNS(space, "svg");
    const set = (node, attributes) => {
      Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
      sample.append(node);
    };
    set(document.createElementNS(space, "g"), {});
    sample.setAttribute("height", "12");
    sample.setAttribute("aria-hidden", "true");
    sample.setAttribute("width", kind === "line" ? "26" : "12");
    if (kind === "line") {
      set(document.createElementNS(space, "path"), { d: "M0 6H26", "stroke-width": 2.2, "stroke-dasharray": key.dash.join(" "), "data-ink": "stroke" });
    } else if (key.marker === "cross") {
      set(document.createElementNS(space, "path"), { d: "M2 2 10 10M10 2 2 10", "stroke-width": 2, "data-ink": "stroke" });
    } else {
      const d = { circle: "M6 2a4 4 0 1 0 .01 0Z", diamond: "M6 0 12 6 6 12 0 6Z", triangle: "M6 1 12 11H0Z" }[key.marker];
      set(document.createElementNS(space, "path"), { d, "data-ink": "fill" });
    }
    const highlight = (type) => () => view.charts.forEach(({ chart }) => chart.dispatchAction({ type, seriesName: String(i) }));
    const button = element(
      "button",
      {
        type: "button", class: "key", "aria-pressed": "true", title: "click: on or off; double click: only this",
        onclick: () => {
          if (!view.hidden.delete(i)) view.hidden.add(i);
          view.redraw();
        },
        ondblclick: () => {
          const alone = view.hidden.size === view.figure.legend.length - 1 && !view.hidden.has(i);
          view.hidden = new Set(alone ? [] : view.figure.legend.keys());
          view.hidden.delete(i);
          view.redraw();
        },
        onmouseenter: highlight("highlight"), onmouseleave: highlight("downplay"),
      },
      sample, element("span", {}, key.label),
    );
    view.keys.push({ button, key: i });
    return button;
  }

  // One panel over the whole window.
  const dialog = document.getElementById("large");
  function enlarge(view, panel) {
    dialog.querySelector("h2").textContent = panel.title || axisText(panel.y);
    const place = dialog.querySelector(".chart");
    dialog.showModal();
    const entry = view.add(wrap(place), panel, true);
    dialog.addEventListener("close", () => {
      view.charts = view.charts.filter((other) => other !== entry);
      entry.chart.dispose();
      place.replaceChildren();
    }, { once: true });
  }

  // The still picture as a file.
  function save(holder, figure, kind) {
    const picture = holder.querySelector(".still svg");
    const text = new XMLSerializer().serializeToString(picture);
    const url = URL.createObjectURL(new Blob([text], { type: "image/svg+xml" }));
    const download = (href) => element("a", { href, download: `${figure.name}.${kind}` }).click();
    if (kind === "svg") {
      download(url);
      return;
    }
    const image = new Image();
    image.onload = () => {
      const canvas = element("canvas", { width: 2 * image.width, height: 2 * image.height });
      const context = canvas.getContext("2d");
      context.scale(2, 2);
      context.drawImage(image, 0, 0);
      download(canvas.toDataURL("image/png"));
    };
    image.src = url;
  }

  // Tables sort by a click on their heads.
  document.querySelectorAll("table.sortable").forEach((table) => {
    table.querySelectorAll("thead th").forEach((head, column) => {
      if (!head.textContent) return;
      head.tabIndex = 0;
      const sort = () => {
        const ascending = head.getAttribute("aria-sort") !== "ascending";
        table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        const value = (line) => {
          const cell = line.cells[column];
          const text = cell.dataset.key ?? cell.textContent;
          return text === "" || Number.isNaN(Number(text)) ? text : Number(text);
        };
        const order = (a, b) => {
          if (a === "" || b === "") return (a === "") - (b === "");
          const way = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
          return ascending ? way : -way;
        };
        const lines = [...table.tBodies[0].rows].sort((a, b) => order(value(a), value(b)));
        table.tBodies[0].append(...lines);
      };
      head.addEventListener("click", sort);
      head.addEventListener("keydown", (event) => event.key === "Enter" && sort());
    });
  });

  document.querySelectorAll(".code").forEach((block) => {
    const button = element("button", { type: "button" }, "copy");
    button.addEventListener("click", () => {
      const text = block.querySelector("code").textContent;
      const done = () => {
        button.textContent = "copied";
        setTimeout(() => (button.textContent = "copy"), 1500);
      };
      if (navigator.clipboard && window.isSecureContext) navigator.clipboard.writeText(text).then(done);
      else {
        const area = element("textarea");
        area.value = text;
        document.body.append(area);
        area.select();
        if (document.execCommand("copy")) done();
        area.remove();
      }
    });
    block.append(button);
  });

  // Charts are drawn a few at a time, those in sight first; very many only when they come into sight.
  const waiting = [];
  const eager = 80;
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) views.flatMap((view) => view.charts).find(({ chart }) => chart.getDom() === target)?.chart.resize();
  });
  document.querySelectorAll("figure[data-figure]").forEach((holder) => {
    build(holder, figures[Number(holder.dataset.figure)]);
  });
  const drawOne = (item) => {
    if (!item.drawn) {
      item.drawn = true;
      item.draw();
      root.dataset.charts = String(Number(root.dataset.charts || 0) + 1);
    }
  };
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting) drawOne(waiting.find((item) => item.place === entry.target));
    }
  }, { rootMargin: "400px" });
  waiting.forEach((item) => seen.observe(item.place));
  root.dataset.charts = "0";
  root.dataset.expected = String(Math.min(waiting.length, eager));
  (function next(i) {
    const stop = Math.min(i + 4, waiting.length, eager);
    for (; i < stop; i++) drawOne(waiting[i]);
    if (i < Math.min(waiting.length, eager)) setTimeout(next, 0, i);
    else root.dataset.ready = "true";
  })(0);
  themeChanged();
})();
