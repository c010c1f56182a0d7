"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const PAGE = 12;
  const LINES = ["#00e6ff", "#ff8c00", "#3cff64", "#ffffff", "#f03cf0"];

  // Every text goes in as a text node: ids and names of cases are never read as markup.
  const make = (tag, given = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(given)) {
      if (name in node && name !== "list") node[name] = value;
      else node.setAttribute(name, value);
    }
    node.append(...children.filter((child) => child !== null && child !== ""));
    return node;
  };
  const draw = (tag, given = {}) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(given)) node.setAttribute(name, value);
    return node;
  };

  // One metric's forest, and one metric's curves, at a time.
  for (const kind of ["metric", "curve"]) {
    const choice = $(`${kind}-choice`);
    const drawn = [...document.querySelectorAll(`[data-${kind === "metric" ? "forest" : "curve"}]`)];
    if (drawn.length < 2) continue;
    const show = () => {
      const chosen = choice.querySelector("input:checked").value;
      for (const [i, one] of drawn.entries()) one.hidden = String(i) !== chosen;
    };
    choice.hidden = false;
    choice.addEventListener("change", show);
    show();
  }
  if (!data.views || !$("viewer")) return;

  // Colours: np.interp between the anchors, as in the PNG overlays.
  const table = (anchors) => {
    const out = new Uint8ClampedArray(256 * 3);
    for (let i = 0; i < 256; i += 1) {
      const at = i / 255;
      let k = 1;
      while (k < anchors.length - 1 && anchors[k][0] < at) k += 1;
      const [low, from] = anchors[k - 1], [high, to] = anchors[k];
      const t = (at - low) / (high - low);
      for (let c = 0; c < 3; c += 1) out[3 * i + c] = Math.round(from[c] + t * (to[c] - from[c]));
    }
    return out;
  };
  const FOR = table(data.colours.for), AGAINST = table(data.colours.against);

  const grids = new Map();
  const greyOf = (map) => {
    if (!grids.has(map)) {
      grids.set(map, (async () => {
        const image = new Image();
        image.src = map.image;
        await image.decode();
        const [height, width] = map.size;
        const canvas = make("canvas", { width, height });
        const pen = canvas.getContext("2d", { willReadFrequently: true });
        pen.drawImage(image, 0, 0);
        const rgba = pen.getImageData(0, 0, width, height).data;
        const grey = new Float32Array(width * height);
        for (let i = 0; i < grey.length; i += 1) grey[i] = rgba[4 * i];
        return grey;
      })());
    }
    return grids.get(map);
  };

  // The map carried back onto the original frame: linear between the centres of its pixels, nothing where the model
  // did not see. `place` leads from the share of the frame's width and height to pixels of the map.
  const paint = async (canvas, map, signed) => {
    const grey = await greyOf(map);
    const [rows, cols] = map.size, [ax, bx, ay, by] = map.place;
    const { width, height } = canvas;
    const pen = canvas.getContext("2d");
    const out = pen.createImageData(width, height);
    const axis = (n, a, b, size) => Array.from({ length: n }, (_, i) => {
      const at = ((i + 0.5) / n) * a + b;
      if (at < -1e-6 || at > size + 1e-6) return null;
      const place = Math.min(Math.max(at - 0.5, 0), size - 1);
      const lower = Math.min(Math.floor(place), Math.max(size - 2, 0));
      return [lower, Math.min(lower + 1, size - 1), place - lower];
    });
    const xs = axis(width, ax, bx, cols), ys = axis(height, ay, by, rows);
    for (let y = 0; y < height; y += 1) {
      if (!ys[y]) continue;
      const [y0, y1, ty] = ys[y];
      for (let x = 0; x < width; x += 1) {
        if (!xs[x]) continue;
        const [x0, x1, tx] = xs[x];
        const top = grey[y0 * cols + x0] * (1 - tx) + grey[y0 * cols + x1] * tx;
        const low = grey[y1 * cols + x0] * (1 - tx) + grey[y1 * cols + x1] * tx;
        const value = top * (1 - ty) + low * ty;
        const share = signed ? (value - 128) / 127 : value / 255;
        const strength = Math.min(Math.abs(share), 1);
        const colours = share < 0 ? AGAINST : FOR;
        const i = 4 * (y * width + x), c = 3 * Math.round(255 * strength);
        out.data[i] = colours[c];
        out.data[i + 1] = colours[c + 1];
        out.data[i + 2] = colours[c + 2];
        out.data[i + 3] = Math.round(255 * Math.sqrt(strength));
      }
    }
    pen.putImageData(out, 0, 0);
    canvas.dataset.painted = "yes";
  };

  const SIDES = { R: "right", L: "left", A: "front", P: "back", H: "head", F: "feet" };
  const hidden = new Set();
  const ruler = (one) => {
    if (!one.spacing) return null;
    const across = one.frame[1] * one.spacing[1];
    const steps = [1, 2, 5, 10, 20, 50, 100, 200];
    const length = steps.filter((step) => step <= across / 3).pop();
    if (!length) return null;
    const line = make("span");
    const box = make("div", { className: "ruler" }, `${length} mm`, line);
    box.style.width = `${(100 * length) / across}%`;
    line.title = `${length} mm`;
    return box;
  };
  const frame = (one, map, signed, label) => {
    const [height, width] = one.frame;
    const box = make("div", { className: "frame" });
    const aspect = (width * (one.spacing ? one.spacing[1] : 1)) / (height * (one.spacing ? one.spacing[0] : 1));
    box.style.aspectRatio = String(aspect);
    const shrink = Math.min(1, 320 / Math.max(height, width));
    const [rows, cols] = one.size || [Math.max(1, Math.round(height * shrink)), Math.max(1, Math.round(width * shrink))];
    box.classList.toggle("blocky", Math.max(rows, cols) < 200);
    if (one.image) box.append(make("img", { src: one.image, alt: label, decoding: "async" }));
    else box.append(make("div", { className: "absent" }, map && map.image ? "" : "no picture"));
    if (map && map.image) {
      const scale = Math.min(Math.max(1, Math.ceil(160 / Math.max(rows, cols))), 320 / Math.max(rows, cols));
      const [across, down] = [cols, rows].map((n) => Math.max(1, Math.round(n * scale)));
      const canvas = make("canvas", { width: across, height: down, role: "img" });
      canvas.setAttribute("aria-label", `map over ${label}`);
      box.append(canvas);
      paint(canvas, map, signed);
    }
    const lines = draw("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    for (const [reader, path] of Object.entries(one.outlines)) {
      const group = draw("g", { "data-reader": reader });
      if (hidden.has(Number(reader))) group.setAttribute("visibility", "hidden");
      group.append(
        draw("path", { class: "case-line", d: path }),
        draw("path", { class: "reader-line", d: path, stroke: LINES[reader % LINES.length] }),
      );
      lines.append(group);
    }
    box.append(lines);
    const bar = ruler(one);
    if (bar) box.append(bar);
    if (one.side) {
      const side = make("span", { className: "side", title: `the patient’s ${SIDES[one.side]}` }, one.side);
      box.append(side);
    }
    return box;
  };
  const numbers = (map) =>
    data.metrics
      .map((metric, i) => [metric, map.scores[i]])
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([metric, value]) => `${metric.words} ${value.toFixed(2)}`);
  const enlarging = (box, label, act) => {
    if (!act) return box;
    box.classList.add("opens");
    box.tabIndex = 0;
    box.setAttribute("role", "button");
    box.setAttribute("aria-label", `Full size: ${label}`);
    box.title = "Full size";
    box.addEventListener("click", act);
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      event.stopPropagation();
      act();
    });
    return box;
  };
  const figure = (view, which, most, act = null) => {
    const one = data.cases[view.case];
    if (which < 0) {
      const label = `image of ${one.id}`;
      return make("figure", {}, enlarging(frame(one, null, false, label), label, act), make("figcaption", {}, make("b", {}, "the image alone")));
    }
    const map = view.maps[which], explainer = data.explainers[which];
    const caption = make("figcaption", {}, make("b", {}, explainer.id), map.category ? ` – ${map.category}` : "");
    if (map.wrong) caption.append(make("span", { className: "tag bad" }, " ✗ right for the wrong reason"));
    const why = map.absent ? map.absent : map.image === "" && !map.note ? "this map shows nothing" : "";
    if (why) caption.append(make("span", { className: "numbers" }, ` (${why})`));
    const texts = map.note ? [map.note] : numbers(map).slice(0, most);
    if (texts.length) caption.append(make("br"), make("span", { className: "numbers" }, texts.join(" · ")));
    const label = `image of ${one.id}, ${explainer.id}`;
    return make("figure", {}, enlarging(frame(one, map, explainer.signed, label), label, act), caption);
  };

  const lines = (view) => {
    const one = data.cases[view.case];
    const right = view.true === view.said;
    const first = make("p", { className: "line" });
    first.append(make("span", { className: right ? "tag" : "tag bad" }, `${right ? "✓" : "✗"} ${view.cell}`), ` is ${view.true}, called ${view.said} · P(${view.target}) ${view.p}`);
    const found = Object.keys(one.outlines).map((i) => data.readers[i]);
    const parts = [];
    if (view.error) parts.push("explained for its wrong answer, in no table");
    if (view.area) parts.push(`${SIZES[view.size] || "lesion"}, ${view.area}`);
    if (found.length) parts.push(`marked by ${found.join(", ")}`);
    if (one.nothing.length) parts.push(`${one.nothing.map((i) => data.readers[i]).join(", ")} found nothing`);
    if (!found.length && !one.nothing.length) parts.push("no reader’s mark");
    const rest = [view.why, parts.join(" · "), view.regions].filter(Boolean);
    return [first, ...rest.map((text, i) => make("p", { className: view.why && !i ? "line" : "line dim" }, text))];
  };
  const SIZES = { small: "small lesion", middle: "middle-sized lesion", large: "large lesion" };

  const isFailing = (view) => view.true !== view.said || view.maps.some((map) => map.wrong);
  const open = caseViewer({ data, make, figure: (...given) => figure(...given), lines, isFailing });
  const card = (view) => {
    const one = data.cases[view.case];
    const [left, right] = [Number($("left").value), Number($("right").value)];
    const button = make("button", { type: "button", className: "whole" }, "All maps");
    button.setAttribute("aria-label", `All maps of ${one.id}`);
    button.addEventListener("click", () => open(shown, view));
    return make("article", { className: "case" },
      make("header", {}, make("h3", {}, one.id), ...lines(view)),
      make("div", { className: "pair" }, figure(view, left, 2, () => open(shown, view, left)), figure(view, right, 2, () => open(shown, view, right))),
      button);
  };

  // Choices.
  const options = (select, pairs) => {
    const before = select.value;
    select.replaceChildren(...pairs.map(([value, text]) => make("option", { value: String(value) }, text)));
    if (pairs.some(([value]) => String(value) === before)) select.value = before;
  };
  const own = () => data.views.filter((view) => view.model === Number($("model").value));
  const counted = (values) => {
    const counts = new Map();
    for (const value of values) counts.set(value, (counts.get(value) || 0) + 1);
    return counts;
  };
  const refill = () => {
    const views = own();
    const answers = counted(views.map((view) => JSON.stringify([view.true, view.said])));
    options($("answer"), [["", "any"], ["right", "right"], ["wrong", "wrong"],
      ...[...answers].sort().map(([key, n]) => {
        const [truth, said] = JSON.parse(key);
        return [key, `is ${truth}, called ${said} (${n})`];
      })]);
    const left = Number($("left").value);
    const categories = left < 0 ? new Map() : counted(views.map((view) => view.maps[left].category).filter(Boolean));
    const wrong = left < 0 ? 0 : views.filter((view) => view.maps[left].wrong).length;
    options($("category"), [["", "any"], ...(wrong ? [["wrong", `right for the wrong reason (${wrong})`]] : []),
      ...[...categories].sort((a, b) => b[1] - a[1]).map(([name, n]) => [`c:${name}`, `${name} (${n})`])]);
    const sizes = counted(views.map((view) => view.size));
    options($("size"), [["", "any"], ...["small", "middle", "large", "same", "unknown"].filter((name) => sizes.has(name))
      .map((name) => [name, `${name === "unknown" ? "no mark" : name === "same" ? "all the same" : name} (${sizes.get(name)})`])]);
    options($("reader"), [["", "any"], ...data.readers.flatMap((name, i) => [
      [`m${i}`, `${name} marked something`], [`n${i}`, `${name} found nothing`]])]);
  };
  const passes = (view) => {
    const one = data.cases[view.case], left = Number($("left").value);
    const answer = $("answer").value, category = $("category").value, size = $("size").value, reader = $("reader").value;
    if (answer === "right" && view.true !== view.said) return false;
    if (answer === "wrong" && view.true === view.said) return false;
    if (answer.startsWith("[") && answer !== JSON.stringify([view.true, view.said])) return false;
    if (left >= 0 && category === "wrong" && !view.maps[left].wrong) return false;
    if (left >= 0 && category.startsWith("c:") && view.maps[left].category !== category.slice(2)) return false;
    if (size && view.size !== size) return false;
    if (reader.startsWith("m") && !(reader.slice(1) in one.outlines)) return false;
    if (reader.startsWith("n") && !one.nothing.includes(Number(reader.slice(1)))) return false;
    return true;
  };
  const ordered = (views) => {
    const metric = Number($("by").value), left = Number($("left").value);
    if ($("order").value === "verdict") {
      const first = data.deciding[Number($("model").value)].map(([i]) => data.views[i]).filter((view) => views.includes(view));
      return [...first, ...views.filter((view) => !first.includes(view))];
    }
    if (!data.metrics.length || left < 0) return views;
    const sign = data.metrics[metric].higher ? 1 : -1;
    const value = (view) => {
      const score = view.maps[left].scores[metric];
      return score === null || score === undefined ? null : sign * score;
    };
    const known = views.filter((view) => value(view) !== null).sort((a, b) => value(a) - value(b));
    const rest = views.filter((view) => value(view) === null);
    if ($("order").value === "best") known.reverse();
    if ($("order").value === "median" && known.length) {
      const middle = value(known[Math.floor((known.length - 1) / 2)]);
      known.sort((a, b) => Math.abs(value(a) - middle) - Math.abs(value(b) - middle));
    }
    return [...known, ...rest];
  };

  let shown = [], upTo = PAGE;
  const more = () => {
    const from = $("cases").children.length;
    $("cases").append(...shown.slice(from, upTo).map(card));
    $("more").hidden = upTo >= shown.length;
    $("more").textContent = `Show more cases (${shown.length - Math.min(upTo, shown.length)} left)`;
  };
  const redraw = () => {
    const all = own();
    shown = ordered(all.filter(passes));
    upTo = PAGE;
    $("cases").replaceChildren();
    more();
    const n = shown.length === all.length ? `${all.length}` : `${shown.length} of ${all.length}`;
    $("status").textContent = `${n} ${all.length === 1 ? "case" : "cases"} of ${data.models[$("model").value]}`;
    for (const cell of document.querySelectorAll("button[data-true]")) {
      const chosen = cell.dataset.model === data.models[$("model").value]
        && $("answer").value === JSON.stringify([cell.dataset.true, cell.dataset.said]);
      cell.setAttribute("aria-pressed", String(chosen));
    }
  };
  const legend = () => {
    const bar = (signed) => {
      const canvas = make("canvas", { width: 256, height: 1 });
      canvas.setAttribute("aria-hidden", "true");
      const pen = canvas.getContext("2d"), out = pen.createImageData(256, 1);
      for (let i = 0; i < 256; i += 1) {
        const share = signed ? (i - 127.5) / 127.5 : i / 255;
        const c = 3 * Math.round(255 * Math.abs(share)), colours = share < 0 ? AGAINST : FOR;
        out.data.set([colours[c], colours[c + 1], colours[c + 2], Math.round(255 * Math.sqrt(Math.abs(share)))], 4 * i);
      }
      pen.putImageData(out, 0, 0);
      return canvas;
    };
    const chosen = [Number($("left").value), Number($("right").value)].filter((i) => i >= 0);
    const signed = chosen.some((i) => data.explainers[i].signed);
    $("scale").replaceChildren(signed ? "against" : "none", bar(signed), signed ? "for the class" : "strongest");
  };

  options($("model"), data.models.map((name, i) => [i, name]));
  const maps = [[-1, "none, the image alone"], ...data.explainers.map((one, i) => [i, one.id])];
  options($("left"), maps);
  options($("right"), maps);
  $("left").value = data.explainers.length ? "0" : "-1";
  const reliance = data.explainers.findIndex((one) => one.id === data.reliance);
  $("right").value = reliance > 0 ? String(reliance) : data.explainers.length > 1 ? "1" : "-1";
  // The gallery opens on the model that stands first at the top of the page, which is the worst one.
  const judged = [...document.querySelectorAll("[data-judged]")].map((node) => [node, data.models.indexOf(node.dataset.judged)]);
  const worst = judged.find(([, model]) => data.views.some((view) => view.model === model));
  if (worst) $("model").value = String(worst[1]);
  // Beside the mean map of each verdict its most telling case: the image with its mark, and with a map.
  const drawMap = (view) => {
    const has = (i) => view.maps[i] && view.maps[i].image;
    if (has(reliance)) return reliance;
    const wrong = view.maps.findIndex((map) => map.wrong && map.image);
    return wrong >= 0 ? wrong : view.maps.findIndex((map) => map.image);
  };
  for (const [node, model] of judged) {
    const decide = model < 0 ? [] : data.deciding[model].map(([i, reason]) => [data.views[i], reason]);
    const views = decide.map(([view]) => view);
    const [one, reason] = decide.find(([view]) => data.cases[view.case].image) || [];
    if (one) {
      const which = drawMap(one);
      const drawn = [...(which < 0 ? [] : [-1]), which].map((i) => figure(one, i, 0, () => open(views, one, i)));
      for (const part of drawn) part.classList.add("telling");
      drawn[0].querySelector("figcaption").replaceChildren(make("b", {}, data.cases[one.case].id), `: ${reason}`);
      let maps = node.querySelector(".maps");
      if (which >= 0) drawn[1].querySelector("figcaption").prepend("the same with ");
      if (!maps) node.querySelector(".seen").prepend(maps = make("div", { className: "maps" }));
      maps.append(...drawn);
    }
    const place = [...document.querySelectorAll("[data-deciding]")].find((part) => part.dataset.deciding === node.dataset.judged);
    if (!place || !views.length) continue;
    place.append(make("h3", {}, data.models[model]), make("div", { className: "cases" }, ...decide.map(([view, said]) => {
      const which = drawMap(view);
      const parts = (which < 0 ? [-1] : [-1, which]).map((i) => figure(view, i, 0, () => open(views, view, i)));
      const marked = Object.keys(data.cases[view.case].outlines).length;
      parts[0].querySelector("figcaption b").textContent = marked ? "image and mark" : "image";
      return make("article", { className: "case" },
        make("header", {}, make("h4", {}, data.cases[view.case].id), make("p", { className: "line" }, said), ...lines(view)),
        make("div", { className: "pair" }, ...parts));
    })));
  }
  // The first failing case of the models in the order of their verdicts; F leads from there to the next one.
  for (const [, model] of judged) {
    const views = model < 0 ? [] : data.deciding[model].map(([i]) => data.views[i]);
    const first = views.find(isFailing);
    if (!first) continue;
    $("failing-line").hidden = false;
    $("failing").addEventListener("click", () => open(views, first, drawMap(first)));
    break;
  }
  // A patient who decides a verdict: their cases of that model, the wrong answers first.
  for (const button of document.querySelectorAll("[data-patient]")) {
    const model = data.models.indexOf(button.closest("[data-judged]").dataset.judged);
    const views = data.views.filter((view) => view.model === model && data.cases[view.case].patient === button.dataset.patient);
    views.sort((a, b) => isFailing(b) - isFailing(a));
    button.disabled = !views.length;
    button.addEventListener("click", () => open(views, views[0], drawMap(views[0])));
  }
  options($("by"), data.metrics.map((one, i) => [i, one.words]));
  for (const [i, name] of data.readers.entries()) {
    const line = draw("svg", { "aria-hidden": "true" });
    line.append(draw("line", { x1: 1, x2: 25, y1: 5, y2: 5, stroke: LINES[i % LINES.length] }));
    const box = make("input", { type: "checkbox", checked: true, value: String(i) });
    box.addEventListener("change", () => {
      if (box.checked) hidden.delete(i);
      else hidden.add(i);
      for (const group of document.querySelectorAll(`g[data-reader="${i}"]`)) group.setAttribute("visibility", box.checked ? "visible" : "hidden");
    });
    $("outlines").append(make("label", {}, box, line, name));
  }
  $("outlines").hidden = !data.readers.length;
  const opacity = () => {
    document.documentElement.style.setProperty("--opacity", String($("opacity").value / 100));
    $("opacity-value").textContent = `${$("opacity").value} %`;
  };
  $("opacity").addEventListener("input", opacity);
  $("controls").addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["model", "left", "right"]) $(id).addEventListener("change", () => { refill(); legend(); redraw(); });
  $("by").addEventListener("change", () => { if ($("order").value === "verdict") $("order").value = "worst"; });
  for (const id of ["order", "by", "answer", "category", "size", "reader"]) $(id).addEventListener("change", redraw);
  const reset = () => {
    for (const id of ["answer", "category", "size", "reader"]) $(id).value = "";
  };
  $("reset").addEventListener("click", () => { reset(); redraw(); });
  $("more").addEventListener("click", () => {
    const first = $("cases").children.length;
    upTo += PAGE;
    more();
    const next = $("cases").children[first];
    if (next) next.querySelector("button").focus({ preventScroll: true });
  });
  for (const cell of document.querySelectorAll("button[data-true]")) {
    cell.addEventListener("click", () => {
      const again = cell.getAttribute("aria-pressed") === "true";
      $("model").value = String(data.models.indexOf(cell.dataset.model));
      refill();
      reset();
      if (!again) $("answer").value = JSON.stringify([cell.dataset.true, cell.dataset.said]);
      redraw();
      const chosen = $("cases").querySelector(".opens");
      if (again) return;
      $("gallery").scrollIntoView();
      if (chosen) chosen.focus({ preventScroll: true });
    });
  }
  $("viewer").hidden = false;
  refill();
  opacity();
  legend();
  redraw();
  document.documentElement.dataset.ready = "yes";
})();
